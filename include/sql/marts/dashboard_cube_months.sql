-- marts.dashboard_cube_months: what customers bought and returned month by month, by what a dashboard filters them by
-- grain    one row per as_of_date, month, persona, age_group and gender with a purchase or a return; 24 calendar months up to
--          that of as_of_date, and all before them as one
-- reads    core.user_months_as_of, marts.customer_profile, marts.personas
-- rerun    replaces its own as_of_date and touches no other day
-- adds up  over any columns, but for buyers over months; the sums over all rows are the shop's
-- surprise persona and age group are the customer's on as_of_date, in months long past too

with

people as (
    select
        user_id,
        personas.persona,
        profiles.age_group,
        coalesce(profiles.gender, 'unknown') as gender
    from marts.customer_profile as profiles
    inner join marts.personas as personas using (as_of_date, user_id)
    where as_of_date = %(as_of_date)s::date
),

bounds as (
    select (date_trunc('month', %(as_of_date)s::date) - interval '24 months')::date as last_before
),

months as (
    select
        user_id,
        greatest(month, bounds.last_before) as month,
        sum(paid_orders) as paid_orders,
        sum(returns) as returns,
        sum(gross_revenue) as gross_revenue,
        sum(returns_amount) as returns_amount
    from core.user_months_as_of(%(as_of_date)s::date, %(known_on)s::date)
    cross join bounds
    group by user_id, greatest(month, bounds.last_before)
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        months.month,
        coalesce(people.persona, '(not told)') as persona,
        coalesce(people.age_group, 'unknown') as age_group,
        coalesce(people.gender, 'unknown') as gender,
        months.month = bounds.last_before as is_all_before,
        count(*) filter (where months.paid_orders > 0) as buyers,
        sum(months.paid_orders) as paid_orders,
        sum(months.returns) as returns,
        sum(months.gross_revenue) as gross_revenue,
        sum(months.returns_amount) as returns_amount,
        sum(months.gross_revenue) - sum(months.returns_amount) as net_revenue
    from months
    cross join bounds
    left join people using (user_id)
    group by
        months.month, bounds.last_before, coalesce(people.persona, '(not told)'), coalesce(people.age_group, 'unknown'),
        coalesce(people.gender, 'unknown')
)

select * from final;
