-- warn: A return of the day names a customer no users file has told of.
-- grain    one row per finding, named by day and key

with

returned as (
    select
        known_from,
        named_user_id
    from core.returns
    where known_from between %(first_day)s::date and %(as_of_date)s::date and named_user_id is not null
),

told as (
    select
        users.user_id,
        min(users.known_from) as told_on
    from core.users as users
    inner join (select distinct named_user_id from returned) as asked on users.user_id = asked.named_user_id
    group by users.user_id
)

select
    returned.known_from as as_of_date,
    returned.named_user_id as key
from returned
left join told on returned.named_user_id = told.user_id and returned.known_from >= told.told_on
where told.user_id is null
