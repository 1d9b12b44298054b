-- warn: A return of the day names an order nobody has told of.
-- grain    one row per finding, named by day and key

select
    returns.known_from as as_of_date,
    'order ' || returns.order_id as key
from core.returns as returns
where
    returns.known_from between %(first_day)s::date and %(as_of_date)s::date
    and returns.order_id <> ''
    and not exists (
        select from core.orders as orders
        where orders.order_id = returns.order_id and orders.known_from <= returns.known_from
    )
