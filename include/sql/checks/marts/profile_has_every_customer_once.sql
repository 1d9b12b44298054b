-- fail: Every user, and every buyer, has one row in customer_profile.
-- grain    one row per finding, named by key

with

customers as (
    select user_id
    from core.users
    where known_from <= %(as_of_date)s::date
    union
    select user_id
    from core.customers_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where orders > 0
)

select user_id as key
from customers
where
    not exists (
        select from marts.customer_profile as profiles
        where profiles.as_of_date = %(as_of_date)s::date and profiles.user_id = customers.user_id
    )
