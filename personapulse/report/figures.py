"""The report's figures: matplotlib drawings as SVG, each in a wide and a narrow shape."""

import base64
import calendar
import datetime
import io
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke
from matplotlib.ticker import FuncFormatter, MaxNLocator

from personapulse import wording
from personapulse.report.facts import Month, PersonaWorth

WIDE, NARROW = 10.4, 3.6  # inches; an inch is about 100 pixels of the page, so text keeps its size in both
INK, QUIET, BAR = "#1e293b", "#475569", "#1d4e89"
FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"

_STYLE: dict[Any, Any] = {
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],  # measured with the one font matplotlib brings, and it is a wide one
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.formatter.use_locale": False,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": "#e2e8f0",
    "hatch.linewidth": 0.6,
    "svg.fonttype": "none",
    "svg.hashsalt": "personapulse",  # ids inside the drawing depend on the drawing alone
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
}


@dataclass(frozen=True)
class Picture:
    """A figure as the page embeds it: two data URLs and what it shows in words."""

    wide: str
    narrow: str
    alt: str


def trend(months: Sequence[Month], as_of_date: datetime.date, currency: str) -> Picture:
    """Draw net revenue and paid orders by month; a month that is not over is hatched and says so."""
    running = as_of_date if not is_over(as_of_date) else None
    ticks = [_month_tick(month.month, running) for month in months]

    def draw(width: float) -> Figure:
        figure = Figure(figsize=(width, 4.2), layout="constrained")
        revenue, orders = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        for axes, values, title in (
            (revenue, [float(month.net_revenue) for month in months], f"Net revenue, {currency}"),
            (orders, [month.paid_orders for month in months], "Paid orders"),
        ):
            bars = axes.bar(range(len(months)), values, color=BAR, edgecolor=BAR, width=0.7 if len(months) > 6 else 0.4)
            if running:
                bars[-1].set(facecolor="white", hatch="////")
            axes.set_title(title, loc="left", fontsize=9.5, fontweight="bold")
            _number_axis(axes, "y")
        step = -(-len(months) // (4 if width == NARROW else 13))
        shown = range((len(months) - 1) % step, len(months), step)  # the newest month always has its name
        orders.set_xlim(-0.6, len(months) - 0.4)
        orders.set_xticks(list(shown), [ticks[n] for n in shown])
        return figure

    listed = "; ".join(
        f"{wording.month(month.month)}: {wording.money(month.net_revenue, currency)}, {month.paid_orders} orders"
        for month in months
    )
    return _picture(draw, f"Bars of net revenue and paid orders by month. {listed}.")


def persona_worth(personas: Sequence[PersonaWorth], colours: Mapping[str, str], currency: str) -> Picture:
    """Draw net revenue and customers of each persona, in the order given from the top."""
    worth = [float(persona.net_revenue) for persona in personas]
    customers = [float(persona.customers) for persona in personas]

    def draw(width: float) -> Figure:
        stacked = width == NARROW
        height = 0.9 + 0.36 * len(personas)
        figure = Figure(figsize=(width, height * 2 if stacked else height), layout="constrained")
        panels = figure.subplots(2, 1) if stacked else figure.subplots(1, 2, sharey=True)
        for axes, values, title in zip(
            panels, (worth, customers), (f"Net revenue, {currency}", "Customers"), strict=True
        ):
            axes.barh(range(len(personas)), values, color=_fills(personas, colours), edgecolor=INK, lw=0.6)
            for row, value in enumerate(values):  # right of zero also where the bar is not: its left is for the names
                place = {"xytext": (4, 0), "textcoords": "offset points", "va": "center"}
                axes.annotate(wording.number(value), (max(value, 0), row), **place)
            axes.set_xlim(min(0, *values), max(1, *values) * (1.5 if stacked else 1.25))
            axes.axvline(0, color=QUIET, lw=0.8)
            axes.set_title(title, loc="left", fontsize=9.5, fontweight="bold")
            axes.set_xticks([])
            axes.spines[["left", "bottom"]].set_visible(False)
            _name_rows(axes, personas)
        return figure

    listed = "; ".join(
        f"{persona.persona}: {wording.money(persona.net_revenue, currency)}, {persona.customers} customers"
        for persona in personas
    )
    return _picture(draw, f"Bars of net revenue and customers by persona. {listed}.")


def buyer_worth(personas: Sequence[PersonaWorth], colours: Mapping[str, str], currency: str) -> Picture:
    """Draw the spread of net revenue per buyer as boxes; each persona given has a buyer."""
    spreads = {persona.persona: persona.spread for persona in personas if persona.spread}
    boxes = [
        {"whislo": low, "q1": q1, "med": median, "q3": q3, "whishi": high}
        for low, q1, median, q3, high in spreads.values()
    ]

    outlined = [Stroke(linewidth=4.5, foreground="white"), Normal()]  # a median is seen on dark boxes too

    def draw(width: float) -> Figure:
        figure = Figure(figsize=(width, 0.9 + 0.42 * len(boxes)), layout="constrained")
        axes = figure.subplots()
        drawn = axes.bxp(
            boxes,
            positions=list(range(len(boxes))),
            orientation="horizontal",
            widths=0.55,
            showfliers=False,
            patch_artist=True,
            boxprops={"edgecolor": INK, "lw": 0.8},
            medianprops={"color": "black", "lw": 2, "path_effects": outlined},
            whiskerprops={"color": QUIET},
            capprops={"color": QUIET},
        )
        for box, fill in zip(drawn["boxes"], _fills(personas, colours), strict=True):
            box.set_facecolor(fill)
        axes.set_title(f"Net revenue per buyer, {currency}", loc="left", fontsize=9.5, fontweight="bold")
        _number_axis(axes, "x", ticks=4 if width == NARROW else 8)
        _name_rows(axes, personas)
        return figure

    listed = "; ".join(
        f"{name}: half of the buyers between {wording.money(q1, currency)} and {wording.money(q3, currency)}, "
        f"median {wording.money(median, currency)}"
        for name, (_, q1, median, q3, _) in spreads.items()
    )
    return _picture(draw, f"Box plot of net revenue per buyer by persona. {listed}.")


def is_over(day: datetime.date) -> bool:
    """Whether the month of a day ends with that day."""
    return day.day == calendar.monthrange(day.year, day.month)[1]


def _month_tick(month: datetime.date, running: datetime.date | None) -> str:
    is_running = running is not None and month == running.replace(day=1)
    return f"{wording.month(month)}\nnot over" if is_running else wording.month(month)


def _fills(personas: Sequence[PersonaWorth], colours: Mapping[str, str]) -> list[str]:
    return [colours[persona.persona] for persona in personas]


def _name_rows(axes: Axes, personas: Sequence[PersonaWorth]) -> None:
    axes.set_yticks(range(len(personas)), [textwrap.fill(persona.persona, 18) for persona in personas])
    axes.set_ylim(len(personas) - 0.4, -0.6)  # the first on top
    axes.tick_params(axis="y", length=0)


def _number_axis(axes: Axes, which: str, ticks: int = 6) -> None:
    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_locator(MaxNLocator(ticks, integer=True, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: wording.number(float(value))))
    axes.grid(axis="y" if which == "y" else "x")


def _picture(draw: Callable[[float], Figure], alt: str) -> Picture:
    with matplotlib.rc_context(_STYLE):
        return Picture(_data_url(draw(WIDE)), _data_url(draw(NARROW)), alt)


def _data_url(figure: Figure) -> str:
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    drawing = re.sub(r"font-family: [^;\"]*", f"font-family: {FONTS}", written.getvalue())
    return "data:image/svg+xml;base64," + base64.b64encode(drawing.encode()).decode()
