-- warn: An order of the day names a customer no users file has told of.
-- grain    one row per finding, named by day and key
-- joins    none with customers told of: PostgreSQL expects one order of a day it has not counted yet, and would compare
--          each order with each customer

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
        users.known_from as told_on
    from core.users as users
    inner join (select distinct user_id from placed) as asked using (user_id)
),

customers as (
    select
        known_from,
        order_id,
        min(told_on) over (partition by user_id) as told_on
    from (
        select
            *,
            null::date as told_on
        from placed
        union all
        select
            null as known_from,
            null as order_id,
            user_id,
            told_on
        from told
    ) as placed_and_told
)

select
    known_from as as_of_date,
    order_id as key
from customers
where order_id is not null and coalesce(told_on, 'infinity') > known_from
