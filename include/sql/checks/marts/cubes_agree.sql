-- fail: The dashboard cubes count the customers, months and days that the other marts do, and categories come to '(all)'.
-- grain    one row per finding, named by key: the cube, and what of it differs
-- totals   of all days are compared in totals_agree

with

kpis as (
    select * from marts.kpi_daily
    where as_of_date = %(as_of_date)s::date
),

profiles as (
    select
        count(*) as customers,
        sum(returned_orders) as returned_orders,
        sum(recency_days) as recency_days
    from marts.customer_profile
    where as_of_date = %(as_of_date)s::date
),

customers as (
    select
        coalesce(sum(customers), 0) as customers,
        coalesce(sum(buyers), 0) as buyers,
        coalesce(sum(repeat_buyers), 0) as repeat_buyers,
        coalesce(sum(orders), 0) as orders,
        coalesce(sum(returned_orders), 0) as returned_orders,
        coalesce(sum(recency_days), 0) as recency_days
    from marts.dashboard_cube_customers
    where as_of_date = %(as_of_date)s::date
),

months as (
    select
        month,
        sum(buyers) as buyers,
        sum(paid_orders) as paid_orders,
        sum(gross_revenue) as gross_revenue,
        sum(returns_amount) as returns_amount
    from marts.dashboard_cube_months
    where as_of_date = %(as_of_date)s::date and not is_all_before
    group by month
),

kpi_months as (
    select
        month,
        buyers,
        paid_orders,
        gross_revenue,
        returns_amount
    from marts.kpi_monthly
    where
        as_of_date = %(as_of_date)s::date
        and month > (date_trunc('month', %(as_of_date)s::date) - interval '24 months')::date
),

days as (
    select
        on_day,
        persona,
        sum(buyers) filter (where category = '(all)') as buyers,
        sum(paid_orders) filter (where category = '(all)') as paid_orders,
        coalesce(sum(gross_revenue) filter (where category = '(all)'), 0) as gross_revenue,
        coalesce(sum(returns_amount) filter (where category = '(all)'), 0) as returns_amount,
        coalesce(sum(gross_revenue) filter (where category <> '(all)'), 0) as gross_of_categories,
        coalesce(sum(returns_amount) filter (where category <> '(all)'), 0) as returns_of_categories,
        bool_or(returned_orders > paid_orders) as returns_too_many
    from marts.dashboard_cube_days
    where as_of_date = %(as_of_date)s::date
    group by on_day, persona
),

the_day as (
    select
        coalesce(sum(buyers), 0) as buyers,
        coalesce(sum(paid_orders), 0) as paid_orders,
        coalesce(sum(gross_revenue), 0) as gross_revenue,
        coalesce(sum(returns_amount), 0) as returns_amount
    from days
    where on_day = %(as_of_date)s::date
),

-- who bought in a period bought on a day of it
reach as (
    select
        period_days,
        category,
        persona,
        sum(viewers) as viewers,
        sum(buyers) as buyers
    from marts.dashboard_cube_reach
    where as_of_date = %(as_of_date)s::date
    group by period_days, category, persona
),

buyer_days as (
    select
        periods.period_days,
        days.category,
        days.persona,
        sum(days.buyers) as at_most,
        max(days.buyers) as at_least
    from (
        select
            on_day,
            category,
            persona,
            sum(buyers) as buyers
        from marts.dashboard_cube_days
        where as_of_date = %(as_of_date)s::date
        group by on_day, category, persona
    ) as days
    inner join (values (7), (28)) as periods (period_days)
        on days.on_day > %(as_of_date)s::date - periods.period_days
    group by periods.period_days, days.category, days.persona
)

select 'dashboard_cube_customers' as key
from customers
cross join profiles
cross join kpis
where
    customers.customers <> profiles.customers
    or customers.buyers <> kpis.buyers_to_date
    or customers.repeat_buyers <> kpis.repeat_buyers_to_date
    or customers.orders <> kpis.orders_to_date
    or customers.returned_orders <> coalesce(profiles.returned_orders, 0)
    or customers.recency_days <> coalesce(profiles.recency_days, 0)
union all
select 'dashboard_cube_months ' || month as key
from months
full outer join kpi_months using (month)
where
    months.buyers is distinct from kpi_months.buyers
    or months.paid_orders is distinct from kpi_months.paid_orders
    or months.gross_revenue is distinct from kpi_months.gross_revenue
    or months.returns_amount is distinct from kpi_months.returns_amount
union all
select 'dashboard_cube_days ' || %(as_of_date)s::date as key
from the_day
cross join kpis
where
    the_day.buyers <> kpis.buyers
    or the_day.paid_orders <> kpis.paid_orders
    or the_day.gross_revenue <> kpis.gross_revenue
    or the_day.returns_amount <> kpis.returns_amount
union all
select 'dashboard_cube_days ' || on_day || ' ' || persona as key
from days
where gross_revenue <> gross_of_categories or returns_amount <> returns_of_categories or returns_too_many
union all
select concat_ws(' ', 'dashboard_cube_reach', period_days, category, persona) as key
from reach
full outer join buyer_days using (period_days, category, persona)
where not coalesce(reach.buyers, 0) between coalesce(buyer_days.at_least, 0) and coalesce(buyer_days.at_most, 0)
union all
select concat_ws(' ', 'dashboard_cube_reach', week.category, week.persona) as key
from reach as week
left join reach as weeks
    on week.category = weeks.category and week.persona = weeks.persona and weeks.period_days = 28
where
    week.period_days = 7
    and (week.buyers > coalesce(weeks.buyers, 0) or week.viewers > coalesce(weeks.viewers, 0))
