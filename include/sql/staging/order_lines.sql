-- staging.order_items of a shop in the simple form: each order is one line with one piece at the order's amount
-- grain    one row per order of the day
-- reads    orders (the day's partition of staging.orders)

insert into %(staged)s (row_no, order_id, line_no, product_id, quantity, unit_price, user_id)
select
    row_no,
    order_id,
    1 as line_no,
    product_id,
    1 as quantity,
    amount as unit_price,
    user_id
from %(orders)s;
