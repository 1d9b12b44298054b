-- marts.kpi_monthly: the shop's months up to a day, as known on that day (the running month is not over)
-- grain    one row per as_of_date and calendar month; months in which nothing was bought or returned are absent
-- reads    core.user_days
-- rerun    replaces its own as_of_date and touches no other day

with

months as (
    select
        date_trunc('month', on_day)::date as month,
        count(distinct user_id) filter (where paid_orders > 0) as buyers,
        sum(paid_orders) as paid_orders,
        sum(gross_revenue) as gross_revenue,
        sum(returns_amount) as returns_amount
    from core.user_days
    where
        on_day <= %(as_of_date)s::date
        and known_from <= %(known_on)s::date
        and %(known_on)s::date < known_to
        and (paid_orders > 0 or returns > 0)
    group by date_trunc('month', on_day)::date
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
