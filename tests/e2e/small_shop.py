"""A small shop made of arithmetic: the same bytes every time, enough buyers and days for every mart."""

import datetime
from pathlib import Path

BUYERS = 60
PRODUCTS = 8
FIRST_DAY = datetime.date(2026, 1, 1)

HEADERS = {
    "users": "user_id,signup_date,gender,age,location",
    "products": "product_id,name,category,price,rating",
    "orders": "order_id,user_id,order_date,payment_status,product_id,amount",
    "returns": "order_id,product_id,user_id,return_reason,returned_at,amount",
    "product_views": "user_id,product_id,timestamp,category,session_id,event_type",
}


def make_shop(folder: Path, days: int) -> Path:
    """Write `days` daily extracts from 2026-01-01 on; return the folder."""
    for number in range(days):
        write_day(folder, FIRST_DAY + datetime.timedelta(days=number))
    (folder / "source.yaml").write_text("name: Small shop\ntime_zone: Asia/Tokyo\n")
    return folder


def write_day(folder: Path, day: datetime.date) -> Path:
    """Write one day's extract; return its folder."""
    number = (day - FIRST_DAY).days
    lines: dict[str, list[str]] = {name: [header] for name, header in HEADERS.items()}
    if number == 0:
        lines["users"] += [f"u{u},2025-12-01,F,{20 + u % 50},Leeds" for u in range(BUYERS)]
        lines["products"] += [f"p{p},Thing {p},{'abc'[p % 3]},{10 + p},4.0" for p in range(PRODUCTS)]
    for user in range(BUYERS):
        product = (user + number) % PRODUCTS
        if (user * 7 + number * 3) % 11 < 3:
            for minute in range(1 + user % 3):
                at = f"{day}T10:{minute:02}:00"
                lines["product_views"].append(f"u{user},p{product},{at},{'abc'[product % 3]},s{user}-{number},view")
        if (user * 5 + number) % (6 + user % 13) == 0:
            status = "Failed" if user % 17 == 3 else "Paid"
            lines["orders"].append(f"o{number}-{user},u{user},{day}T11:00:00,{status},p{product},{10 + product}.50")
        back = number - 5  # what was bought five days ago and comes back
        if user % 9 == 0 and back >= 0 and (user * 5 + back) % (6 + user % 13) == 0:
            product = (user + back) % PRODUCTS
            lines["returns"].append(f"o{back}-{user},p{product},u{user},Too small,{day}T12:00:00,{10 + product}.50")
    target = folder / day.isoformat()
    target.mkdir(parents=True, exist_ok=True)
    for name, rows in lines.items():
        (target / f"{name}.csv").write_text("\n".join(rows) + "\n")
    return target
