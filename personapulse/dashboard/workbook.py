"""A day's tables as one formatted Excel workbook."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter

from personapulse.dashboard.document import Document
from personapulse.dashboard.tables import decode
from personapulse.errors import PersonaPulseError
from personapulse.whole_files import written_whole

_HEAD_ROW = 2
_WIDEST = 60  # letters
_INTEGER, _MONEY, _SHARE = "#,##0", "#,##0.00", "0.0%"
_OWN_SHARES = {"retention", "probability_alive", "least", "most"}
_AMOUNTS = {"monetary", "monthly_value", "middle", "low", "high", "lower_quartile", "upper_quartile"}


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name, what stands above it, and the columns shown, in order; none is all."""

    table: str
    name: str
    title: str
    columns: Sequence[str] = ()


SHEETS = (
    Sheet("kpis", "Days", "Key figures of each day kept, and of all days up to it"),
    Sheet("months", "Months", "Purchases and returns by month, persona, age group and gender"),
    Sheet("days", "Categories", "The last 92 days by persona and category; (all) is every category"),
    Sheet("customers", "Customers", "Customers and all they ever bought, by persona, segment, age group and gender"),
    Sheet("funnel", "Funnel", "From the first view to a kept order, by persona and category"),
    Sheet("returns", "Returns", "How much came back, by category, product, persona and reason"),
    Sheet("products", "Products", "The products that brought in or sent back most"),
    Sheet("buyers", "RFM", "Buyers by scores, segment, persona, age group and gender"),
    Sheet("movement", "Movement", "Customers by earlier and present persona"),
    Sheet("lifetime_values", "Lifetime value", "What buyers have been worth and are expected to be"),
    Sheet("cohorts", "Cohorts", "What became of the customers who first paid in the same month"),
    Sheet("intent_bands", "Intent", "Likelihood to buy, by tenth, persona, age group and gender"),
    Sheet(
        "models", "Models", "Trainings and what the gate said", ("decided_for", "model_version", "passed", "accuracy")
    ),
    Sheet(
        "insights", "Insights", "What may be said of the shop", ("status", "priority", "sentence", "adjusted_p_value")
    ),
    Sheet("checks", "Data quality", "Checks of the day and what they found"),
)


def write_workbook(document: Document, file: Path) -> Path:
    """Write a day's tables, one sheet each, with a frozen head, filters and the shop's number formats.

    Raises
    ------
    PersonaPulseError
        If the file cannot be written.
    """
    content = document.read()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with (
            written_whole(file) as half,
            xlsxwriter.Workbook(half, {"strings_to_formulas": False, "strings_to_urls": False}) as book,
        ):
            for sheet in SHEETS:
                _write_sheet(book, sheet, content)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        raise PersonaPulseError(
            f"Cannot write {file}: {error}. Name a file of your own with --xlsx, and close it in Excel."
        ) from None
    return file


def _write_sheet(book: Any, sheet: Sheet, content: dict[str, Any]) -> None:
    rows = decode(content["tables"][sheet.table])
    columns = list(sheet.columns or content["tables"][sheet.table]["columns"])
    page = book.add_worksheet(sheet.name)
    shop = content["shop"]
    page.write(
        0,
        0,
        f"{sheet.title}. {shop['name']}, as of {content['as_of_date']}, amounts in {shop['currency']}",
        book.add_format({"bold": True, "font_size": 13}),
    )
    head = book.add_format({"bold": True, "font_color": "#FFFFFF", "bg_color": "#1D5FA8", "text_wrap": True})
    for place, name in enumerate(columns):
        page.write(_HEAD_ROW, place, name.replace("_", " ").capitalize(), head)
        texts = [str(row[name]) for row in rows[:200] if row[name] is not None]
        width = min(_WIDEST, max([len(name), *map(len, texts)]) + 2)
        page.set_column(place, place, width, book.add_format({"num_format": _format(name)}))
        for n, row in enumerate(rows):
            if row[name] is not None:
                page.write(
                    _HEAD_ROW + 1 + n, place, row[name] if isinstance(row[name], str | int | float) else str(row[name])
                )
    page.freeze_panes(_HEAD_ROW + 1, 0)
    page.autofilter(_HEAD_ROW, 0, _HEAD_ROW + max(1, len(rows)), max(0, len(columns) - 1))


def _format(column: str) -> str:
    if column in _OWN_SHARES or "share" in column or "rate" in column.split("_") or column == "accuracy":
        return _SHARE
    if column in _AMOUNTS or "revenue" in column or "amount" in column or "value" in column or column == "price":
        return _MONEY
    return (
        "0.000" if "p_value" in column else _INTEGER if column not in {"effect", "expected_buyers", "alive"} else "0.0"
    )
