-- warn: A line of the day belongs to an order nobody has told of; it counts once the order arrives.
-- grain    one row per finding, named by day and key

select
    items.known_from as as_of_date,
    items.order_id || ' line ' || items.line_no as key
from core.order_items as items
where
    items.known_from between %(first_day)s::date and %(as_of_date)s::date
    and not exists (
        select from core.orders as orders
        where orders.order_id = items.order_id and orders.known_from <= items.known_from
    )
