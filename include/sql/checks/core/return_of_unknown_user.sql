-- warn: A return of the day names a customer no users file has told of.
-- grain    one row per finding, named by day and key
-- joins    none with customers told of, as in order_of_unknown_user

with

returned as (
    select
        known_from,
        named_user_id as user_id
    from core.returns
    where known_from between %(first_day)s::date and %(as_of_date)s::date and named_user_id is not null
),

told as (
    select
        users.user_id,
        users.known_from as told_on
    from core.users as users
    inner join (select distinct user_id from returned) as asked using (user_id)
),

customers as (
    select
        known_from,
        user_id,
        min(told_on) over (partition by user_id) as told_on
    from (
        select
            *,
            null::date as told_on
        from returned
        union all
        select
            null as known_from,
            user_id,
            told_on
        from told
    ) as returned_and_told
)

select
    known_from as as_of_date,
    user_id as key
from customers
where known_from is not null and coalesce(told_on, 'infinity') > known_from
