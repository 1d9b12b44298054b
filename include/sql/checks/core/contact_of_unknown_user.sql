-- warn: Marketing touches of the day name a customer no users file has told of.
-- grain    one row per day and customer, with how many touches name them

with

named as (
    select
        known_from,
        user_id,
        count(*) as row_count
    from core.contacts
    where known_from between %(first_day)s::date and %(as_of_date)s::date
    group by known_from, user_id
)

select
    named.known_from as as_of_date,
    named.user_id as key,
    named.row_count
from named
where
    not exists (
        select from core.users as users
        where users.user_id = named.user_id and users.known_from <= named.known_from
    )
