"""marts.personas and the profile it is decided on."""

import datetime
from decimal import Decimal

import pytest

from personapulse.marts import RESTATED

from .conftest import Shop, date

DAY = "2026-03-31"
ORDERS = {"window": 0, "idle": 0, "hunter": 2, "returner": 2, "loyal": 4, "edge": 4, "other": 3}
VIEWS = {"window": 11, "idle": 10, "hunter": 11, "returner": 10, "loyal": 30, "edge": 3, "other": 11}
RETURNS = {"returner": 1, "loyal": 1, "edge": 2, "other": 1}


def deliver_classic(shop: Shop, extra_settings: str = "") -> None:
    """One customer for each classic rule, named after it; 'edge' has 4 orders and exactly half of them returned."""
    shop.settings("persona_rules: classic\n" + extra_settings)
    orders = [(f"{user}-{n}", user) for user, count in ORDERS.items() for n in range(count)]
    shop.deliver(
        DAY,
        users="user_id\n" + "\n".join(ORDERS),
        orders="order_id,user_id,order_date,payment_status\n"
        + "\n".join(f"{order},{user},2026-01-15,Paid" for order, user in orders),
        order_items="order_id,line_no,product_id,quantity,unit_price\n"
        + "\n".join(f"{order},1,pen,1,10" for order, _ in orders),
        returns="order_id,amount\n"
        + "\n".join(f"{user}-{n},10" for user, count in RETURNS.items() for n in range(count)),
        product_views="user_id,product_id,timestamp\n"
        + "\n".join(f"{user},pen,2026-01-02 10:{n:02}:00" for user, count in VIEWS.items() for n in range(count)),
    )


def personas(shop: Shop) -> dict[str, str]:
    shop.build(DAY, "customer_profile", "persona_quantiles", "persona_sides", "persona_cuts", "personas")
    return dict(shop.rows("select user_id, persona from marts.personas"))


def test_the_classic_rules_name_each_customer(shop: Shop) -> None:
    deliver_classic(shop)
    shop.load(DAY)
    assert personas(shop) == {
        "window": "Window Shopper",
        "idle": "Abandoner",
        "hunter": "Bargain Hunter",
        "returner": "Frequent Returner",
        "edge": "Frequent Returner",
        "loyal": "Loyalist",
        "other": "Others",
    }
    assert shop.values("select distinct rule_set from marts.personas") == ["classic"]


def test_a_shop_without_views_has_no_persona_of_viewing(shop: Shop) -> None:
    deliver_classic(shop, "lacks: [product_views]")
    (shop.folder / DAY / "product_views.csv").unlink()
    shop.load(DAY)
    assert personas(shop)["hunter"] == "Others"
    assert personas(shop)["window"] == "Abandoner"
    assert shop.values("select distinct views from marts.customer_profile") == [None]


def test_returns_on_unpaid_orders_count_for_the_classic_rules_and_not_for_the_rate(shop: Shop) -> None:
    shop.settings("persona_rules: classic")
    shop.deliver(
        DAY,
        orders="order_id,user_id,order_date,payment_status\no1,ann,2026-01-15,Paid\no2,ann,2026-01-15,Failed",
        order_items="order_id,line_no,product_id,quantity,unit_price\no1,1,pen,1,10\no2,1,pen,1,10",
        returns="order_id,amount\no2,10",
    )
    shop.load(DAY)
    assert personas(shop) == {"ann": "Frequent Returner"}
    assert shop.rows("select returns, returned_orders, return_rate, returns_amount from marts.customer_profile") == [
        (1, 0, 0, 0)
    ]


def test_the_default_rules_name_each_customer_by_the_shops_own_measure(shop: Shop) -> None:
    """Customers come by on ten days in February; the shop is young, so that the day's own customers are the measure."""
    shop.deliver(DAY, **default_files())
    shop.load(DAY)
    assert personas(shop) == {
        "new": "New Customer",
        "idle": "Abandoner",
        "window": "Window Shopper",
        "hunter": "Bargain Hunter",
        "impulsive": "Impulsive Buyer",
        "returner": "Frequent Returner",
        "minimalist": "Loyal Minimalist",
        "loyal": "Loyalist",
        "thrifty": "Price-Conscious",
        "other": "Others",
    }


# views and carts in all, days between orders, number of orders, price and product of each
DEFAULT = {
    "idle": (1, 0, 0, 0, "mid"),
    "window": (60, 1, 0, 0, "mid"),
    "hunter": (100, 8, 28, 2, "mid"),
    "impulsive": (12, 8, 5, 6, "low"),
    "returner": (40, 12, 6, 5, "high"),
    "minimalist": (20, 14, 5, 6, "high"),
    "loyal": (70, 16, 5, 6, "mid"),
    "thrifty": (60, 14, 14, 3, "low"),
    "other": (60, 20, 14, 3, "high"),
}
PRICES = {"low": 5, "mid": 10, "high": 15}


def default_files() -> dict[str, str]:
    """Write one customer for each default rule, named after it."""
    orders, items, events = [], [], []
    for user, (views, carts, apart, count, product) in DEFAULT.items():
        for n in range(count):
            day = date("2026-02-01") + datetime.timedelta(n * apart)
            orders.append(f"{user}-{n},{user},{day},Paid")
            items.append(f"{user}-{n},1,{product},1,{PRICES[product]}")
        events += [f"{user},mid,2026-02-01 {n // 60:02}:{n % 60:02}:00,view" for n in range(views)]
        events += [f"{user},mid,2026-02-02 {n // 60:02}:{n % 60:02}:00,add_to_cart" for n in range(carts)]
    return {
        "users": "user_id,signup_date\nnew,2026-03-04\nidle,2026-01-01",
        "products": "product_id,name,category,price\n"
        + "\n".join(f"{name},{name},Office,{price}" for name, price in PRICES.items()),
        "orders": "order_id,user_id,order_date,payment_status\n" + "\n".join(orders),
        "order_items": "order_id,line_no,product_id,quantity,unit_price\n" + "\n".join(items),
        "returns": "order_id\nreturner-0\nreturner-1\nimpulsive-0",
        "product_views": "user_id,product_id,timestamp,event_type\n" + "\n".join(events),
    }


def test_a_shop_that_records_no_carts_has_no_persona_of_putting_little_into_them(shop: Shop) -> None:
    files = default_files()
    files["product_views"] = "\n".join(line for line in files["product_views"].splitlines() if "add_to" not in line)
    shop.deliver(DAY, **files)
    shop.load(DAY)
    named = personas(shop)
    assert shop.values("select distinct coalesce(add_to_carts, carts_per_view) from marts.customer_profile") == [None]
    assert (named["window"], named["idle"]) == ("Window Shopper", "Abandoner")
    assert "Bargain Hunter" not in named.values()


def test_the_profile_can_be_added_up_by_hand(shop: Shop) -> None:
    shop.deliver(
        DAY,
        users="user_id,signup_date,gender,age,location\nann,2026-03-01,f,44,Oslo",
        products="product_id,name,category,price\npen,Pen,Office,2\nink,Ink,Office,6",
        orders="order_id,user_id,order_date,payment_status\no1,ann,2026-02-27,Paid\no2,ann,2026-03-30,Paid\n"
        "o3,ann,2026-03-31,Cancelled",
        order_items="order_id,line_no,product_id,quantity,unit_price\no1,1,pen,5,2\no2,1,ink,1,6\no3,1,ink,9,6",
        returns="order_id,product_id\no2,ink",
        product_views="user_id,product_id,timestamp,event_type\nann,pen,2026-03-01,view\nann,pen,2026-03-01,add_to_cart",
    )
    shop.load(DAY)
    shop.build(DAY, "customer_profile")
    assert shop.rows(
        "select gender, age, location, known_since::text, days_known, paid_orders, unpaid_orders, gross_revenue,"
        " returns_amount, net_revenue, recency_days, average_order_value, returns, return_rate, views, views_per_order,"
        " price_level from marts.customer_profile"
    ) == [("f", 44, "Oslo", "2026-02-27", 32, 2, 1, 16, 6, 10, 1, 8, 1, Decimal("0.5"), 1, Decimal("0.5"), 1)]


def test_the_wide_columns_can_be_added_up_by_hand(shop: Shop) -> None:
    shop.settings("lacks: [contacts]")
    shop.deliver(
        DAY,
        users="user_id,signup_date,age\nann,2025-12-01,65\neve,2026-03-01,",
        products="product_id,name,category,price\npen,Pen,Office,2\nink,Ink,Office,6",
        orders="order_id,user_id,order_date,payment_status\no0,ann,2025-12-30,Paid\no1,ann,2025-12-31,Paid\n"
        "o2,ann,2026-02-09,Paid\no3,ann,2026-03-30,Pending",
        order_items="order_id,line_no,product_id,quantity,unit_price\no0,1,ink,1,6\no1,1,ink,1,6\no2,1,pen,5,2\no2,2,ink,1,6",
        product_views="user_id,product_id,timestamp,event_type\nann,pen,2026-02-09,view\nann,ink,2026-02-09,view\n"
        "ann,pen,2026-02-09,add_to_cart\nann,pen,2026-03-20 10:00,view\nann,pen,2026-03-20 11:00,view",
    )
    shop.load(DAY)
    shop.build(DAY, "customer_profile")
    rows = shop.rows(
        "select user_id, age_group, orders, first_seen_on::text, last_active_on::text, idle_days, orders_per_30_days,"
        " days_between_orders, products_per_order, price_level, add_to_carts, checkouts, carts_per_view,"
        " views_per_30_days, contacts, contacts_per_30_days from marts.customer_profile order by user_id"
    )
    # 92 days since they were first seen, both counted; 30 December is before the 91 days of products and prices
    months = Decimal(92) / 30
    assert rows[0][:6] == ("ann", "65+", 4, "2025-12-30", "2026-03-30", 1)
    assert [round(value, 9) for value in (rows[0][6], rows[0][13])] == [round(3 / months, 9), round(4 / months, 9)]
    # of o1 ink, of o2 pen and ink: ink is half as dear again as the mean of 4, pen half
    assert [round(value, 9) for value in rows[0][7:10]] == [Decimal("20.5"), Decimal("1.5"), round(Decimal(7) / 6, 9)]
    assert rows[0][10:13] == (1, None, Decimal("0.25"))
    assert rows[0][14:] == (None, None)
    assert rows[1][1:9] == ("unknown", 0, None, None, None, 0, None, None)
    assert rows[1][10:] == (0, None, None, 0, None, None)


@pytest.mark.parametrize(
    ("age", "group"),
    [(17, "under 18"), (18, "18-24"), (24, "18-24"), (25, "25-34"), (35, "35-44"), (45, "45-54"), (55, "55-64"),
     (64, "55-64"), (65, "65+")],
)  # fmt: skip
def test_age_groups_begin_with_their_first_year(shop: Shop, age: int, group: str) -> None:
    shop.deliver(DAY, users=f"user_id,age\nann,{age}")
    shop.load(DAY)
    shop.build(DAY, "customer_profile")
    assert shop.values("select age_group from marts.customer_profile") == [group]


def test_everyone_known_has_one_persona_whatever_file_told_of_them(shop: Shop) -> None:
    shop.deliver(
        DAY,
        users="user_id\nfrom users",
        orders="order_id,user_id,order_date,payment_status\no1,from orders,2026-03-31,Failed",
        returns="order_id,user_id,amount\n,from returns,5\nnobody's,,",
        product_views="user_id,product_id,timestamp\nfrom views,pen,2026-03-31",
    )
    shop.load(DAY)
    assert sorted(personas(shop)) == ["from orders", "from returns", "from users", "from views"]


def test_a_customer_without_any_date_is_known_since_they_were_first_told_of(shop: Shop) -> None:
    shop.deliver("2026-01-10", users="user_id\nann")
    shop.deliver(DAY)
    shop.load("2026-01-10", DAY)
    shop.build(DAY, "customer_profile")
    assert shop.rows("select known_since::text, days_known from marts.customer_profile") == [("2026-01-10", 80)]


def test_a_restated_day_has_no_customers_of_later_days(shop: Shop) -> None:
    shop.deliver("2026-01-10", users="user_id,age\nann,30")
    shop.deliver(DAY, users="user_id,age\nann,31\nbob,40")
    shop.load("2026-01-10", DAY)
    shop.build("2026-01-10", known_on=RESTATED)
    assert shop.rows("select user_id, age from marts.customer_profile") == [("ann", 31)]
    assert shop.values("select users_to_date from marts.kpi_daily") == [1]
