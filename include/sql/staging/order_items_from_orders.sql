-- staging.order_items of a shop in the simple form: each order is one line with one piece at the order's amount
-- grain    one row per order of the day
-- reads    staging.orders
-- rerun    the caller has emptied the day

insert into staging.order_items (source_day, row_no, order_id, line_no, product_id, quantity, unit_price, user_id)
select
    source_day,
    row_no,
    order_id,
    1 as line_no,
    product_id,
    1 as quantity,
    amount as unit_price,
    user_id
from staging.orders
where source_day = %(source_day)s;
