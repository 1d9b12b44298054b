-- marts.kpi_monthly: the shop's months up to a day, as known on that day (the running month is not over)
-- grain    one row per as_of_date and calendar month; months in which nothing was bought or returned are absent
-- reads    core.user_months_as_of
-- rerun    replaces its own as_of_date and touches no other day

with

months as (
    select
        month,
        count(*) filter (where paid_orders > 0) as buyers,
        sum(paid_orders) as paid_orders,
        sum(gross_revenue) as gross_revenue,
        sum(returns_amount) as returns_amount
    from core.user_months_as_of(%(as_of_date)s::date, %(known_on)s::date)
    group by month
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        month,
        buyers,
        paid_orders,
        gross_revenue,
        returns_amount,
        gross_revenue - returns_amount as net_revenue
    from months
)

select * from final;
