-- marts.dashboard_cube_customers: customers and all they ever bought, by what a dashboard filters customers by
-- grain    one row per as_of_date, persona, segment, age_group and gender that somebody has
-- reads    marts.customer_profile, marts.personas, marts.rfm, marts.ltv
-- rerun    replaces its own as_of_date and touches no other day
-- adds up  over any columns: everyone is in one row, and the sums over all rows are the shop's
-- surprise returns of customers that nobody has told stand in a row of no customers, with persona and segment '(not told)'

with

profiles as (
    select
        user_id,
        age_group,
        coalesce(gender, 'unknown') as gender,
        orders,
        paid_orders,
        returned_orders,
        coalesce(recency_days, 0) as recency_days,
        gross_revenue,
        returns_amount
    from marts.customer_profile
    where as_of_date = %(as_of_date)s::date
),

personas as (
    select
        user_id,
        persona
    from marts.personas
    where as_of_date = %(as_of_date)s::date
),

scored as (
    select
        user_id,
        segment
    from marts.rfm
    where as_of_date = %(as_of_date)s::date
),

customers as (
    select
        personas.persona,
        coalesce(scored.segment, 'Prospects') as segment,
        profiles.age_group,
        profiles.gender,
        1 as customers,
        profiles.orders,
        profiles.paid_orders,
        profiles.returned_orders,
        profiles.recency_days,
        profiles.gross_revenue,
        profiles.returns_amount
    from profiles
    inner join personas using (user_id)
    left join scored using (user_id)
    union all
    select
        '(not told)' as persona,
        '(not told)' as segment,
        'unknown' as age_group,
        'unknown' as gender,
        0 as customers,
        0 as orders,
        paid_orders,
        0 as returned_orders,
        0 as recency_days,
        gross_revenue,
        returns_amount
    from marts.ltv
    where as_of_date = %(as_of_date)s::date and user_id = ''
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        persona,
        segment,
        age_group,
        gender,
        sum(customers) as customers,
        count(*) filter (where paid_orders > 0) as buyers,
        count(*) filter (where paid_orders > 1) as repeat_buyers,
        sum(orders) as orders,
        sum(paid_orders) as paid_orders,
        sum(returned_orders) as returned_orders,
        sum(recency_days) as recency_days,
        sum(gross_revenue) as gross_revenue,
        sum(returns_amount) as returns_amount,
        sum(gross_revenue) - sum(returns_amount) as net_revenue
    from customers
    group by persona, segment, age_group, gender
)

select * from final;
