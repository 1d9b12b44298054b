-- warn: An order of the day names a customer no users file has told of.
-- grain    one row per finding, named by day and key

with

placed as (
    select
        known_from,
        order_id,
        user_id
    from core.orders
    where known_from between %(first_day)s::date and %(as_of_date)s::date
),

told as (
    select
        users.user_id,
        min(users.known_from) as told_on
    from core.users as users
    inner join (select distinct user_id from placed) as asked using (user_id)
    group by users.user_id
)

select
    placed.known_from as as_of_date,
    placed.order_id as key
from placed
left join told on placed.user_id = told.user_id and placed.known_from >= told.told_on
where told.user_id is null
