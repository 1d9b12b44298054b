-- warn: An order of the day was placed before its customer signed up.
-- grain    one row per finding, named by day and key

select
    orders.known_from as as_of_date,
    orders.order_id as key
from core.orders as orders
inner join core.users as users
    on
        orders.user_id = users.user_id
        and orders.known_from >= users.known_from
        and orders.known_from < users.known_to
where
    orders.known_from between %(first_day)s::date and %(as_of_date)s::date
    and orders.ordered_on < users.signup_date
