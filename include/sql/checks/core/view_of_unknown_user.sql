-- warn: Views of the day name a customer no users file has told of.
-- grain    one row per customer, with how many rows name them

with

named as (
    select
        user_id,
        count(*) as row_count
    from core.product_views
    where known_from = %(as_of_date)s::date
    group by user_id
)

select
    named.user_id as key,
    named.row_count
from named
where
    not exists (
        select from core.users as users
        where users.user_id = named.user_id and users.known_from <= %(as_of_date)s::date
    )
