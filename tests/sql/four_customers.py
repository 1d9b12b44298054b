"""A shop of four customers whose every number a reader can add up."""

from .conftest import Shop

DAY = "2026-03-01"

# Ann buys for 10 in February and 20 on the day, Bob for 40 on the day; Dan bought for 30 two months ago and no users
# file tells of him; Cid never paid. Ann sends 5 back; 3 come back of an order nobody knows. In February Ann goes from
# the view to the checkout and Cid as far as the cart; Bob's view on the day is too young to be counted.
FEBRUARY = {
    "users": "user_id\nann\ncid",
    "orders": "order_id,user_id,order_date,payment_status\n"
    "o0,dan,2025-12-31,Paid\no1,ann,2026-02-27,Paid\no2,cid,2026-02-27,Failed",
    "order_items": "order_id,line_no,product_id,quantity,unit_price\no0,1,pen,3,10\no1,1,pen,1,10\no2,1,pen,1,99",
    "product_views": "user_id,product_id,timestamp,session_id,event_type\n"
    "ann,pen,2026-02-27 10:00:00,s1,view\nann,pen,2026-02-27 10:01:00,s1,add_to_cart\n"
    "ann,pen,2026-02-27 10:02:00,s1,checkout\n"
    "cid,pen,2026-02-27 10:00:00,s2,view\ncid,pen,2026-02-27 10:01:00,s2,add_to_cart",
}
MARCH = {
    "users": "user_id\nbob\nann",
    "orders": "order_id,user_id,order_date,payment_status\no3,ann,2026-03-01,Paid\no4,bob,2026-03-01,Refunded",
    "order_items": "order_id,line_no,product_id,quantity,unit_price\no3,1,pen,2,10\no4,1,pen,4,10",
    "returns": "order_id,user_id,returned_at,amount\no1,,2026-03-01,5\no9,,2026-03-01,3",
    "product_views": "user_id,product_id,timestamp,session_id,event_type\nbob,pen,2026-03-01 10:00:00,s3,view",
}
# Told later: Bob also bought for 7 on the day.
LATE = {
    "orders": "order_id,user_id,order_date,payment_status\no5,bob,2026-03-01,Paid",
    "order_items": "order_id,line_no,product_id,quantity,unit_price\no5,1,pen,1,7",
}


def fill(shop: Shop, days: dict[str, dict[str, str]]) -> None:
    """Deliver and load days of the shop."""
    shop.settings("currency: GBP\npersona_rules: classic\nreturn_window_days: 1\nconversion_days: 2")
    for day, files in days.items():
        shop.deliver(day, **files)
    shop.load(*days)
