-- warn: An order became Refunded on the day, and no return tells what came back; net revenue still has it.
-- grain    one row per finding, named by day and key

select
    orders.known_from as as_of_date,
    orders.order_id as key
from core.orders as orders
where
    orders.known_from between %(first_day)s::date and %(as_of_date)s::date
    and orders.payment_status = 'Refunded'
    and not exists (
        select from core.returns as returns
        where returns.order_id = orders.order_id and returns.known_from <= orders.known_from
    )
