"""marts.personas and the profile it is decided on."""

from decimal import Decimal

from personapulse.marts import RESTATED

from .conftest import Shop

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
    shop.build(DAY, "customer_profile", "personas")
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


def test_thresholds_of_the_default_rules_follow_the_shop(shop: Shop) -> None:
    deliver_classic(shop)
    shop.settings("persona_rules: default")
    shop.load(DAY)
    named = personas(shop)
    # among the two who never bought the median is 10.5 views: 11 is many here, 10 is not
    assert (named["window"], named["idle"]) == ("Window Shopper", "Abandoner")
    assert named["returner"] == "Frequent Returner"
    # of 15 orders by five buyers the 60 % quantile is 3.4 orders
    assert named["loyal"] == "Loyalist"


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
