-- warn: Views of the day name a customer no users file has told of.
-- grain    one row per day and customer, with how many views name them
-- reads    the many views last: where every customer is known, they are not looked at

with

told as (
    select
        user_id,
        min(known_from) as told_on
    from core.users
    group by user_id
),

strangers as materialized ( -- where there are none, the views are not read at all
    select distinct
        states.user_id,
        coalesce(told.told_on, 'infinity') as told_on
    from core.user_states as states
    left join told on states.user_id = told.user_id
    where
        states.known_from <= %(as_of_date)s::date
        and %(first_day)s::date < states.known_to
        and (told.told_on is null or told.told_on > greatest(states.known_from, %(first_day)s::date))
)

select
    views.known_from as as_of_date,
    views.user_id as key,
    count(*) as row_count
from strangers
inner join core.product_views as views on strangers.user_id = views.user_id and strangers.told_on > views.known_from
where views.known_from between %(first_day)s::date and %(as_of_date)s::date
group by views.known_from, views.user_id
