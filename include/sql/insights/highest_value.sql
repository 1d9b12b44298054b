-- insights/highest_value: what customers brought in over 28 days, by the persona they had on the eve of them
-- grain    one row per persona and measure (net_revenue, contacts)
-- reads    marts.persona_outcomes, marts.customer_profile, marts.personas

with

to_date as (
    select
        personas.persona,
        avg(profiles.net_revenue) as net_revenue_to_date
    from marts.personas as personas
    inner join marts.customer_profile as profiles using (as_of_date, user_id)
    where as_of_date = %(as_of_date)s::date
    group by personas.persona
)

select
    outcomes.persona,
    outcomes.measure,
    outcomes.sorted_on,
    outcomes.customers,
    outcomes.numerator,
    outcomes.denominator,
    outcomes.ratio,
    to_date.net_revenue_to_date,
    outcomes.sum_xx,
    outcomes.sum_xy,
    outcomes.sum_yy,
    outcomes.sum_xxx,
    outcomes.sum_xxy,
    outcomes.sum_xyy,
    outcomes.sum_yyy
from marts.persona_outcomes as outcomes
left join to_date on outcomes.persona = to_date.persona
where outcomes.as_of_date = %(as_of_date)s::date and outcomes.measure in ('net_revenue', 'contacts')
order by outcomes.measure desc, outcomes.ratio desc, outcomes.persona asc
