-- warn: An order of the day was placed before its customer signed up.
-- grain    one row per finding, named by day and key

with

placed as (
    select
        known_from,
        order_id,
        user_id,
        ordered_on
    from core.orders
    where known_from between %(first_day)s::date and %(as_of_date)s::date
)

select
    placed.known_from as as_of_date,
    placed.order_id as key
from placed
inner join core.users as users
    on
        placed.user_id = users.user_id
        and placed.known_from >= users.known_from
        and placed.known_from < users.known_to
where placed.ordered_on < users.signup_date
