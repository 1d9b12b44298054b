-- warn: A paid order of the day has no lines, so its revenue is 0.
-- grain    one row per finding, named by day and key

select
    orders.known_from as as_of_date,
    orders.order_id as key
from core.orders as orders
where
    orders.known_from between %(first_day)s::date and %(as_of_date)s::date
    and orders.payment_status = 'Paid'
    and not exists (
        select from core.order_items as items
        where items.order_id = orders.order_id and items.known_from <= orders.known_from
    )
