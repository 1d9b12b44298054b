-- warn: An order of the day names a customer no users file has told of.
-- grain    one row per finding, named by day and key

select
    orders.known_from as as_of_date,
    orders.order_id as key
from core.orders as orders
where
    orders.known_from between %(first_day)s::date and %(as_of_date)s::date
    and not exists (
        select from core.users as users
        where users.user_id = orders.user_id and users.known_from <= orders.known_from
    )
