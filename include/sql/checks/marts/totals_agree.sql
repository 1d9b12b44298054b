-- fail: Revenue is the same to the cent in kpi_daily, kpi_monthly, ltv, rfm and customer_profile.
-- grain    one row per finding, named by key

with

totals as (
    select
        gross_revenue_to_date as gross_revenue,
        net_revenue_to_date as net_revenue
    from marts.kpi_daily
    where as_of_date = %(as_of_date)s::date
),

other_totals as (
    select
        'kpi_monthly' as mart,
        sum(gross_revenue) as gross_revenue,
        sum(net_revenue) as net_revenue
    from marts.kpi_monthly
    where as_of_date = %(as_of_date)s::date
    union all
    select
        'ltv' as mart,
        sum(gross_revenue) as gross_revenue,
        sum(net_revenue) as net_revenue
    from marts.ltv
    where as_of_date = %(as_of_date)s::date
    union all
    -- rfm has buyers only: the returns of others are in ltv
    select
        'rfm' as mart,
        null as gross_revenue,
        sum(rfm.monetary) + (
            select coalesce(sum(ltv.net_revenue), 0) from marts.ltv as ltv
            where ltv.as_of_date = %(as_of_date)s::date and ltv.paid_orders = 0
        ) as net_revenue
    from marts.rfm as rfm
    where rfm.as_of_date = %(as_of_date)s::date
    union all
    select
        'customer_profile' as mart,
        sum(gross_revenue) as gross_revenue,
        null as net_revenue
    from marts.customer_profile
    where as_of_date = %(as_of_date)s::date
)

select other_totals.mart as key
from totals
cross join other_totals
where
    coalesce(other_totals.gross_revenue, totals.gross_revenue) <> totals.gross_revenue
    or coalesce(other_totals.net_revenue, totals.net_revenue) <> totals.net_revenue
