-- fail: Every kind of insight has its row; what is said is told with its figures, beyond chance and with its query, and what
--       is not said with why not.
-- grain    one row per finding, named by key: the kind of insight

with

-- personapulse/insights/kinds.py; a test holds this list to it
kinds (kind) as (
    values
    ('highest_value'),
    ('under_contacted'),
    ('returns_and_earnings'),
    ('funnel_loses_most'),
    ('funnel_loses_whom'),
    ('product_returns'),
    ('category_returns'),
    ('stays_away'),
    ('revenue_change'),
    ('second_order'),
    ('cohort_retention'),
    ('persona_growing'),
    ('persona_shrinking'),
    ('payment_failures'),
    ('return_reason')
),

told as (
    select *
    from marts.insights
    where as_of_date = %(as_of_date)s::date
)

select coalesce(kinds.kind, told.kind) as key
from kinds
full outer join told on kinds.kind = told.kind
where
    kinds.kind is null
    or told.kind is null
    or told.query not like '%%select%%'
    or told.floor = ''
    or told.status = 'not said'
    and (
        told.sentence not like 'Not said, because %%'
        or coalesce(told.rank::text, told.subject, told.adjusted_p_value::text) is not null
    )
    or told.status = 'said'
    and (
        told.sentence like 'Not said%%'
        or told.rank is null
        or told.rank > (select count(*) from told as others where others.status = 'said')
        or coalesce(told.subject, '') = ''
        or told.test is null
        or told.unit is null
        or coalesce(told.sample_size, 0) < 20
        -- a comparison with null is no promise kept; NaN is above every number
        or coalesce(told.low <= told.effect and told.effect <= told.high and told.high < 'infinity', false) is false
        or coalesce(told.p_value <= told.adjusted_p_value and told.adjusted_p_value <= 0.05, false) is false
    )
union all
-- told twice in one place, another place is empty
select told.kind as key
from told
where told.rank is not null and exists (
    select from told as others
    where others.rank = told.rank and others.kind < told.kind
)
