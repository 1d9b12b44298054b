-- warn: A return of the day is on an order that was never paid; it takes nothing off revenue.
-- grain    one row per finding, named by day and key

select
    returns.known_from as as_of_date,
    'order ' || returns.order_id as key
from core.returns as returns
inner join core.orders as orders
    on
        returns.order_id = orders.order_id
        and returns.known_from >= orders.known_from
        and returns.known_from < orders.known_to
where
    returns.known_from between %(first_day)s::date and %(as_of_date)s::date
    and orders.payment_status not in ('Paid', 'Refunded')
