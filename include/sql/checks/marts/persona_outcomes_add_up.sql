-- fail: Outcomes of personas are of the same customers whatever is counted of each, of just today's where it is who came, and
--       a ratio is its numerator over its denominator.
-- grain    one row per finding, named by key: the persona and what is counted

with

outcomes as (
    select *
    from marts.persona_outcomes
    where as_of_date = %(as_of_date)s::date
),

-- what every customer of before has a part in
sorted as (
    select
        persona,
        customers
    from outcomes
    where measure = 'left'
),

today as (
    select
        persona,
        count(*) as customers
    from marts.personas
    where as_of_date = %(as_of_date)s::date and exists (select from sorted)
    group by persona
)

select concat_ws(' ', sorted.persona, measures.measure) as key
from sorted
cross join (values ('has_bought'), ('net_revenue'), ('contacts')) as measures (measure)
left join outcomes on sorted.persona = outcomes.persona and measures.measure = outcomes.measure
where outcomes.customers is distinct from sorted.customers
union all
select concat_ws(' ', outcomes.persona, outcomes.measure) as key
from outcomes
where
    outcomes.denominator <= 0
    or abs(outcomes.ratio * outcomes.denominator - outcomes.numerator) > 1e-6 * (1 + abs(outcomes.numerator))
    or outcomes.sorted_on <> outcomes.as_of_date - 28
    or outcomes.measure in ('has_bought', 'bought_again', 'returned_orders', 'lost_visits', 'left', 'joined', 'new')
    and not outcomes.numerator between 0 and outcomes.denominator
union all
select concat_ws(' ', coalesce(today.persona, came.persona), measures.measure) as key
from (values ('joined'), ('new')) as measures (measure)
cross join today
full outer join (
    select
        persona,
        measure,
        customers
    from outcomes
    where measure in ('joined', 'new')
) as came on today.persona = came.persona and measures.measure = came.measure
where today.customers is distinct from came.customers
