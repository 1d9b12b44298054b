"""The page: facts turned into what the template shows, and the file put in its place."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from personapulse import __version__, wording
from personapulse.colours import of_personas
from personapulse.errors import PersonaPulseError
from personapulse.personas import Rule, RuleSet, load_rule_sets
from personapulse.report import figures
from personapulse.report.facts import Cell, Cuts, Facts, Month, PersonaWorth, read_facts
from personapulse.settings import ShopSettings
from personapulse.whole_files import written_whole

TEMPLATE = "report.html.jinja"
PAGE = "summary.html"
MONTHS_FOR_A_TREND = 3
MONTHS_SHOWN = 24
SCORES = (5, 4, 3, 2, 1)

_KPIS = (
    ("Customers", "users_to_date", "count"),
    ("Buyers", "buyers_to_date", "count"),
    ("Paid orders", "paid_orders_to_date", "count"),
    ("Gross revenue", "gross_revenue_to_date", "amount"),
    ("Returns", "returns_amount_to_date", "amount"),
    ("Net revenue", "net_revenue_to_date", "amount"),
    ("Average order value", "average_order_value_to_date", "amount"),
    ("Repeat rate", "repeat_rate_to_date", "share"),
)


@dataclass(frozen=True)
class Card:
    """One key figure: `unit` stands small before the value, `meaning` below it."""

    label: str
    unit: str
    value: str
    meaning: str


@dataclass(frozen=True)
class HeatCell:
    """One cell of the heat map, with colours that keep a contrast of 4.5 : 1."""

    segment: str
    customers: int
    background: str
    ink: str


def write_report(
    connection: psycopg.Connection[Any], as_of_date: datetime.date, folder: Path, settings: ShopSettings
) -> Path:
    """Write the report of one day as `folder/summary.html`, whole or not at all.

    The same data give the same bytes. The marts are only read.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`.
    as_of_date : datetime.date
        A day whose marts are built.
    folder : Path
        Made if it is not there; an earlier report in it is replaced.
    settings : ShopSettings
        Name, currency and time zone are shown.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    PersonaPulseError
        If the day is not built (the message names those that are), or the folder cannot be written to.
    """
    html = render(read_facts(connection, as_of_date), settings)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with written_whole(folder / PAGE) as half:
            half.write_text(html, encoding="utf-8")
        return folder / PAGE
    except OSError as error:
        raise PersonaPulseError(
            f"Cannot write the report to {folder}: {error.strerror}. Name a folder of your own with --out."
        ) from None


def render(facts: Facts, settings: ShopSettings) -> str:
    """Return the report as HTML; everything it shows is inside it."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "number": wording.number,
        "money": partial(wording.money, currency=settings.currency),
        "cents": partial(wording.cents, currency=settings.currency),
        "percent": wording.percent,
        "month": wording.month,
        "in_words": wording.in_words,
    }
    return environment.get_template(TEMPLATE).render(
        facts=facts,
        shop=settings,
        version=__version__,
        counted=wording.counted,
        cards=_cards(facts, settings.currency),
        findings=[check for check in facts.checks if check.finding_count],
        cuts_dictionary=wording.dictionary("rfm_cuts"),
        **_trend_context(facts, settings.currency),
        **_persona_context(facts, settings.currency),
        **_rfm_context(facts),
    )


def _cards(facts: Facts, currency: str) -> list[Card]:
    meanings = wording.dictionary("kpi_daily")["columns"]
    return [_card(label, facts.kpi[column], kind, currency, meanings[column]) for label, column, kind in _KPIS]


def _card(label: str, value: Any, kind: str, currency: str, meaning: str) -> Card:
    # the card says "none yet" itself, and shows a share as a percentage
    meaning = wording.in_words(meaning.partition("; null")[0].removesuffix(", from 0 to 1").rstrip(".") + ".")
    if value is None:
        return Card(label, "", "none yet", meaning)
    if kind == "amount":
        return Card(label, currency, wording.cents(value, currency), meaning)
    return Card(label, "", wording.percent(value) if kind == "share" else wording.number(value), meaning)


def _trend_context(facts: Facts, currency: str) -> dict[str, Any]:
    known = _without_gaps(facts.months, facts.as_of_date)
    months = known[-MONTHS_SHOWN:]
    enough = len(months) >= MONTHS_FOR_A_TREND
    return {
        "months": months,
        "hidden_months": len(known) - len(months),
        "running_month": None if figures.is_over(facts.as_of_date) else facts.as_of_date.replace(day=1),
        "trend": figures.trend(months, facts.as_of_date, currency) if enough else None,
    }


def _without_gaps(months: Sequence[Month], as_of_date: datetime.date) -> list[Month]:
    """Add the months in which nothing was bought or returned, up to the running one."""
    if not months:
        return []
    known = {month.month: month for month in months}
    first = months[0].month.year * 12 + months[0].month.month - 1
    last = as_of_date.year * 12 + as_of_date.month - 1
    days = [datetime.date(n // 12, n % 12 + 1, 1) for n in range(first, last + 1)]
    nothing = Decimal(0)
    return [known.get(day) or Month(day, 0, 0, nothing, nothing, nothing) for day in days]


def _persona_context(facts: Facts, currency: str) -> dict[str, Any]:
    rule_sets = load_rule_sets()
    swatches = of_personas([*(persona.persona for persona in facts.personas), *_ruled(rule_sets)])
    buyers = [persona for persona in facts.personas if persona.buyers]
    told: Decimal = sum((persona.net_revenue for persona in facts.personas), Decimal(0))
    return {
        "swatches": swatches,
        "customers": sum(persona.customers for persona in facts.personas),
        "has_revenue": facts.kpi["net_revenue_to_date"] > 0,
        "guides": _guides(facts.personas, rule_sets),
        "unclaimed_revenue": facts.kpi["net_revenue_to_date"] - told if facts.personas else 0,
        "persona_figure": figures.persona_worth(facts.personas, swatches, currency) if facts.personas else None,
        "buyer_personas": buyers,
        "buyer_figure": figures.buyer_worth(buyers, swatches, currency) if buyers else None,
    }


def _ruled(rule_sets: Mapping[str, RuleSet]) -> list[str]:
    return [persona for rules in rule_sets.values() for persona in rules.personas]


def _guides(personas: Sequence[PersonaWorth], rule_sets: Mapping[str, RuleSet]) -> list[Rule]:
    """Every persona of the day's rule set, also those without a customer, in the order the rules are tried."""
    used = {persona.rule_set for persona in personas} & set(rule_sets)
    return [rule for name in sorted(used) for rule in (*rule_sets[name].rules, rule_sets[name].otherwise)]


def _rfm_context(facts: Facts) -> dict[str, Any]:
    cuts = [cut for cut in facts.cuts if cut.is_sufficient]
    scored = sum(segment.customers for segment in facts.segments)
    return {
        "scored_buyers": scored,
        "segment_revenue": sum((segment.net_revenue for segment in facts.segments), Decimal(0)),
        "heat": _heat(facts.cells),
        "cuts": cuts,
        "cut_rows": [(score, [_score_range(cut, score) for cut in cuts]) for score in SCORES],
    }


def _heat(cells: Sequence[Cell]) -> list[tuple[int, list[HeatCell]]]:
    """Return the rows of the heat map, best score of frequency and monetary first, each from cold to recent."""
    most = max((cell.customers for cell in cells), default=0) or 1
    rows = [
        (score, [_heat_cell(cell, cell.customers / most) for cell in cells if cell.fm_score == score])
        for score in SCORES
    ]
    return [(score, row) for score, row in rows if row]


def _heat_cell(cell: Cell, share: float) -> HeatCell:
    # from nearly white to a blue dark enough for white text; in between one of black and white always reads well
    red, green, blue = (round(light + (dark - light) * share) for light, dark in ((247, 29), (250, 78), (253, 137)))
    ink = "#ffffff" if _luminance(red, green, blue) < 0.179 else "#000000"  # either is 4.5 : 1 on its side of this
    return HeatCell(cell.segment, cell.customers, f"#{red:02x}{green:02x}{blue:02x}", ink)


def _luminance(*parts: int) -> float:
    """Relative luminance of red, green and blue from 0 to 255, as WCAG 2 defines it."""
    linear = [part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _score_range(cut: Cuts, score: int) -> str:
    """Say which values give a score, such as `over 12 to 31`; a dash where two cuts coincide and none does."""
    cuts = [value for value in cut.values if value is not None]
    place = 5 - score if cut.metric == "recency_days" else score - 1  # how many cuts such a value is above
    above = cuts[place - 1] if place else None
    upto = cuts[place] if place < len(cuts) else None
    if above is None:
        return f"up to {wording.plain(cuts[0])}"
    if upto is None:
        return f"over {wording.plain(above)}"
    return "\u2013" if above == upto else f"over {wording.plain(above)} to {wording.plain(upto)}"
