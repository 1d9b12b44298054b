"""Days of an ordinary shop, Mondays above all, for a test to change one thing about."""

from collections.abc import Callable

from personapulse import checks, ingest

from .conftest import Shop, date

MONDAYS = ["2026-02-02", "2026-02-09", "2026-02-16", "2026-02-23"]
DAY_BEFORE = "2026-03-01"
DAY = "2026-03-02"  # the next Monday


def users(of: str, rows: int, gender: str = "f") -> str:
    return "\n".join(["user_id,gender", *(f"u{of}-{number},{gender}" for number in range(rows))])


def products(rows: int = 20) -> str:
    return "\n".join(["product_id,name,category", *(f"p{number},Pen {number},Office" for number in range(rows))])


def orders(of: str, rows: int, prefix: str = "u", on: str = "") -> str:
    lines = (f"o{of}-{number},{prefix}{of}-{number},{on or of},Paid" for number in range(rows))
    return "\n".join(["order_id,user_id,order_date,payment_status", *lines])


def items(of: str, rows: int, prefix: str = "p") -> str:
    lines = (f"o{of}-{number},1,{prefix}{number % 20},1,5" for number in range(rows))
    return "\n".join(["order_id,line_no,product_id,quantity,unit_price", *lines])


def views(of: str, rows: int, step: str = "checkout", on: str = "") -> str:
    # two of five events are more than a view
    lines = (f"u{of}-{number},p{number % 20},{on or of},{step if number % 5 < 2 else 'view'}" for number in range(rows))
    return "\n".join(["user_id,product_id,timestamp,event_type", *lines])


def without_header(text: str) -> str:
    return text[text.index("\n") :]


def extract(of: str, rows: int = 100) -> dict[str, str]:
    """Files of an ordinary day: every file has so many rows, but products."""
    return {
        "users": users(of, rows),
        "products": products(),
        "orders": orders(of, rows),
        "order_items": items(of, rows),
        "product_views": views(of, rows),
    }


def have_been(shop: Shop, *days: str, rows: int = 100, **changes: Callable[[str], str]) -> None:
    """Load days, ordinary but for the changes: per file, its text by the day."""
    for day in days:
        shop.deliver(day, **(extract(day, rows) | {file: text(day) for file, text in changes.items()}))
        shop.load(day)


def found(shop: Shop, day: str = DAY, **changes: str) -> dict[str, list[str]]:
    """Deliver a day, ordinary but for the changes, stage it and return what was found, by rule."""
    shop.deliver(day, **(extract(day) | changes))
    ingest.stage(shop.warehouse, shop.source, date(day))
    findings = checks.find(shop.warehouse, "staging", date(day), settings=shop.source.settings)
    return {finding.rule: finding.sample for finding in findings if finding.count}
