-- fail: From the day on that a model serves, every customer known on a day has one score, by the champion of that day, and
--       nobody else has one.
-- grain    one row per finding, named by key: the user
-- known    scores are of those known that night, also where marts were restated since

with

champion as (
    select model_version
    from ml.promotions
    where valid_from <= %(as_of_date)s::date
    order by promotion_no desc
    limit 1
),

customers as (
    select user_id
    from core.users
    where known_from <= %(as_of_date)s::date
    union
    select user_id
    from core.customers_as_of(%(as_of_date)s::date, %(as_of_date)s::date)
    where orders > 0
),

scored as (
    select
        user_id,
        model_version
    from marts.purchase_intent
    where as_of_date = %(as_of_date)s::date
)

select coalesce(customers.user_id, scored.user_id) as key
from customers
full outer join scored on customers.user_id = scored.user_id
left join champion on true
where
    champion.model_version is distinct from scored.model_version
    or champion.model_version is not null and customers.user_id is null
