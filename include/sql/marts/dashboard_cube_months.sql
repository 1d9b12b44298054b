-- marts.dashboard_cube_months: what customers bought and returned month by month, by what a dashboard filters them by
-- grain    one row per as_of_date, month, persona, age_group and gender with a purchase or a return; 24 calendar months up to
--          that of as_of_date, and all before them as one
-- reads    core.user_months_as_of, marts.customer_profile, marts.personas
-- rerun    replaces its own as_of_date and touches no other day
-- adds up  over any columns, but for buyers over months; the sums over all rows are the shop's
-- surprise persona and age group are the customer's on as_of_date, in months long past too

with

people as (
    select * from %(people)s
),

bounds as (
    select (date_trunc('month', %(as_of_date)s::date) - interval '24 months')::date as last_before
),

-- most rows are one per customer and month as they come; only in the past taken as one is a customer met several times
months as (
    select
        user_id,
        month,
        paid_orders,
        returns,
        gross_revenue,
        returns_amount
    from core.user_months_as_of(%(as_of_date)s::date, %(known_on)s::date)
    cross join bounds
    where month > bounds.last_before
    union all
    select
        user_id,
        bounds.last_before as month,
        sum(paid_orders) as paid_orders,
        sum(returns) as returns,
        sum(gross_revenue) as gross_revenue,
        sum(returns_amount) as returns_amount
    from core.user_months_as_of(%(as_of_date)s::date, %(known_on)s::date)
    cross join bounds
    where month <= bounds.last_before
    group by user_id, bounds.last_before
),

sums as (
    select
        months.month,
        coalesce(min(people.persona), '(not told)') as persona,
        coalesce(min(people.age_group), 'unknown') as age_group,
        coalesce(min(people.gender), 'unknown') as gender,
        count(*) filter (where months.paid_orders > 0) as buyers,
        sum(months.paid_orders) as paid_orders,
        sum(months.returns) as returns,
        sum(months.gross_revenue) as gross_revenue,
        sum(months.returns_amount) as returns_amount
    from months
    left join people using (user_id)
    group by months.month, people.cell
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        sums.month,
        sums.persona,
        sums.age_group,
        sums.gender,
        sums.month = bounds.last_before as is_all_before,
        sums.buyers,
        sums.paid_orders,
        sums.returns,
        sums.gross_revenue,
        sums.returns_amount,
        sums.gross_revenue - sums.returns_amount as net_revenue
    from sums
    cross join bounds
)

select * from final;
