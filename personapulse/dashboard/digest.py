"""The weekly digest: one page as PDF with key figures, who moved, and three insights."""

import datetime
import io
import textwrap
from dataclasses import dataclass
from html import escape
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from personapulse import wording
from personapulse.colours import load_colours, of_personas
from personapulse.dashboard.document import Document
from personapulse.dashboard.tables import decode

WEEK = 7
INSIGHTS = 3
_A4 = (8.27, 11.69)  # inches
_MOVES = 8


@dataclass(frozen=True)
class Figures:
    """What came to pass in the week that ends with the digest's day, and in the week before."""

    label: str
    now: float
    before: float | None
    shown: str

    @property
    def change(self) -> str:
        """Say how it moved, such as `+4.2 % against the week before`."""
        if not self.before:
            return "no week before to compare with"
        return f"{self.now / self.before - 1:+.1%} against the week before".replace("%", "\u00a0%").replace(
            "-", "\u2212"
        )


def week_figures(content: dict[str, Any]) -> list[Figures]:
    """Return the week's key figures of a document's content, as its days add up."""
    day = datetime.date.fromisoformat(content["as_of_date"])
    days = [row for row in decode(content["tables"]["days"]) if row["category"] == "(all)"]
    currency = content["shop"]["currency"]
    customers = sum(row["customers"] for row in decode(content["tables"]["customers"]))

    def total(column: str, weeks_ago: int) -> float:
        last = day - datetime.timedelta(days=WEEK * weeks_ago)
        first = last - datetime.timedelta(days=WEEK - 1)
        return float(sum(row[column] for row in days if first.isoformat() <= row["on_day"] <= last.isoformat()))

    shown = [Figures("Customers", customers, None, wording.number(customers))]
    for label, column in (("Net revenue", "net_revenue"), ("Returns", "returns_amount")):
        now = total(column, 0)
        shown.append(Figures(label, now, total(column, 1), wording.money(now, currency)))
    orders = total("paid_orders", 0)
    shown.insert(2, Figures("Paid orders", orders, total("paid_orders", 1), wording.number(orders)))
    return shown


def write_digest(document: Document) -> bytes:
    """Return the digest of the week that ends with a document's day, as PDF; the same document gives the same bytes."""
    content = document.read()
    colours = load_colours()["light"]
    with rc_context({"font.size": 9, "text.color": colours["ink"], "pdf.fonttype": 42, "text.parse_math": False}):
        figure = Figure(figsize=_A4)
        figure.text(0.08, 0.945, content["shop"]["name"], fontsize=19, fontweight="bold")
        figure.text(0.08, 0.922, f"The week that ended on {content['as_of_date']}", color=colours["quiet"], fontsize=11)
        for place, one in enumerate(week_figures(content)):
            left = 0.08 + place * 0.215
            figure.text(left, 0.875, one.label, color=colours["quiet"])
            figure.text(left, 0.85, one.shown, fontsize=14, fontweight="bold")
            figure.text(
                left, 0.834, one.change if one.before is not None else "to date", fontsize=7, color=colours["quiet"]
            )
        _draw_days(figure.add_axes((0.08, 0.62, 0.84, 0.17)), content)
        _draw_moves(figure.add_axes((0.36, 0.33, 0.56, 0.2)), content)
        _write_insights(figure, content)
        figure.text(
            0.08, 0.03, "Definitions and the figures behind: the dashboard.", color=colours["quiet"], fontsize=8
        )
        written = io.BytesIO()
        figure.savefig(written, format="pdf", metadata={"CreationDate": None, "Title": content["shop"]["name"]})
    return written.getvalue()


def as_html(document: Document, address: str) -> str:
    """Return the same in short, as the body of a mail; `address` leads to the day's dashboard."""
    content = document.read()
    rows = "".join(
        f"<tr><td>{escape(one.label)}</td><td align=right><b>{escape(one.shown)}</b></td>"
        f"<td>{escape(one.change) if one.before is not None else 'to date'}</td></tr>"
        for one in week_figures(content)
    )
    said = "".join(f"<li>{escape(sentence)}</li>" for sentence in _said(content))
    return (
        f"<p>The week that ended on {content['as_of_date']} in short; the page is attached.</p>"
        f"<table cellpadding=4>{rows}</table><ul>{said}</ul>"
        f'<p><a href="{escape(address)}">The dashboard</a></p>'
    )


def _said(content: dict[str, Any]) -> list[str]:
    rows = decode(content["tables"]["insights"])
    return [row["sentence"] for row in rows if row["status"] == "said"][:INSIGHTS]


def _draw_days(axes: Axes, content: dict[str, Any]) -> None:
    sums: dict[str, float] = {}
    for row in decode(content["tables"]["days"]):
        if row["category"] == "(all)":
            sums[row["on_day"]] = sums.get(row["on_day"], 0) + row["net_revenue"]
    days = sorted(sums)[-4 * WEEK :]
    colour = load_colours()["series"][0]
    axes.bar(
        range(len(days)),
        [sums[day] for day in days],
        color=[colour if n >= len(days) - WEEK else "#A9B6C8" for n in range(len(days))],
    )
    axes.set_xticks(range(0, len(days), WEEK), [days[n] for n in range(0, len(days), WEEK)])
    axes.set_title(
        f"Net revenue by day, {content['shop']['currency']}; this week in colour",
        loc="left",
        fontsize=10,
        fontweight="bold",
    )
    axes.spines[["top", "right"]].set_visible(False)


def _draw_moves(axes: Axes, content: dict[str, Any]) -> None:
    rows = decode(content["tables"]["movement"])
    spans = {row["span"] for row in rows}
    span = "month" if "month" in spans else "day"
    moved = [row for row in rows if row["span"] == span and row["from_persona"] != row["to_persona"]]
    moved = sorted(moved, key=lambda row: (-row["customers"], row["from_persona"], row["to_persona"]))[:_MOVES]
    since = "the month before" if span == "month" else "the day before"
    axes.set_title(f"Who became another persona since {since}", loc="left", fontsize=10, fontweight="bold", x=-0.5)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.set_xticks([])
    if not moved:
        axes.set_yticks([])
        axes.text(0, 0.5, "Nobody, or there is no earlier day to compare with.", transform=axes.transAxes)
        return
    swatches = of_personas(row["to_persona"] for row in moved)
    axes.barh(
        range(len(moved)), [row["customers"] for row in moved], color=[swatches[row["to_persona"]] for row in moved]
    )
    axes.set_yticks(range(len(moved)), [f"{row['from_persona']} \u2192 {row['to_persona']}" for row in moved])
    axes.invert_yaxis()
    for n, row in enumerate(moved):
        axes.annotate(
            wording.number(row["customers"]),
            (row["customers"], n),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )


def _write_insights(figure: Figure, content: dict[str, Any]) -> None:
    figure.text(0.08, 0.275, "Worth knowing", fontsize=10, fontweight="bold")
    top = 0.255
    for sentence in _said(content) or ["Nothing this week that holds beyond chance."]:
        lines = textwrap.wrap(sentence, 108)
        figure.text(0.08, top, "\n".join(lines), va="top", linespacing=1.4)
        top -= 0.016 * len(lines) + 0.014
