-- warn: A return of the day names another customer than its order does; it counts as the order's customer's.
-- grain    one row per finding, named by day and key

select
    returns.known_from as as_of_date,
    'order ' || returns.order_id || ' by ' || returns.named_user_id as key
from core.returns as returns
inner join core.orders as orders
    on
        returns.order_id = orders.order_id
        and returns.known_from >= orders.known_from
        and returns.known_from < orders.known_to
where
    returns.known_from between %(first_day)s::date and %(as_of_date)s::date
    and returns.named_user_id <> orders.user_id
