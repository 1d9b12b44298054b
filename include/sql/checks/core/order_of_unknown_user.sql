-- warn: An order of the day names a customer no users file has told of.
-- grain    one row per finding, named by key

select orders.order_id as key
from core.orders as orders
where
    orders.known_from = %(as_of_date)s::date
    and not exists (
        select from core.users as users
        where users.user_id = orders.user_id and users.known_from <= %(as_of_date)s::date
    )
