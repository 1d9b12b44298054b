-- fail: Paid orders and revenue are the same to the cent in every mart that sums them.
-- grain    one row per finding, named by key

with

totals as (
    select
        paid_orders_to_date as paid_orders,
        gross_revenue_to_date as gross_revenue,
        net_revenue_to_date as net_revenue
    from marts.kpi_daily
    where as_of_date = %(as_of_date)s::date
),

-- who returned without ever paying is in ltv, and not in rfm; a return nobody's name is on is not in customer_profile
outside as (
    select
        coalesce(sum(net_revenue) filter (where paid_orders = 0), 0) as without_purchase,
        coalesce(sum(net_revenue) filter (where user_id = ''), 0) as without_name
    from marts.ltv
    where as_of_date = %(as_of_date)s::date
),

other_totals as (
    select
        'kpi_monthly' as mart,
        coalesce(sum(paid_orders), 0) as paid_orders,
        coalesce(sum(gross_revenue), 0) as gross_revenue,
        coalesce(sum(net_revenue), 0) as net_revenue
    from marts.kpi_monthly
    where as_of_date = %(as_of_date)s::date
    union all
    select
        'ltv' as mart,
        coalesce(sum(paid_orders), 0) as paid_orders,
        coalesce(sum(gross_revenue), 0) as gross_revenue,
        coalesce(sum(net_revenue), 0) as net_revenue
    from marts.ltv
    where as_of_date = %(as_of_date)s::date
    union all
    select
        'rfm' as mart,
        coalesce(sum(rfm.frequency), 0) as paid_orders,
        null as gross_revenue, -- rfm has net revenue only
        coalesce(sum(rfm.monetary), 0) + max(outside.without_purchase) as net_revenue
    from outside
    left join marts.rfm as rfm on rfm.as_of_date = %(as_of_date)s::date
    union all
    select
        'customer_profile' as mart,
        coalesce(sum(profiles.paid_orders), 0) as paid_orders,
        coalesce(sum(profiles.gross_revenue), 0) as gross_revenue,
        coalesce(sum(profiles.net_revenue), 0) + max(outside.without_name) as net_revenue
    from outside
    left join marts.customer_profile as profiles on profiles.as_of_date = %(as_of_date)s::date
)

select other_totals.mart as key
from totals
cross join other_totals
where
    totals.paid_orders <> other_totals.paid_orders
    or totals.gross_revenue <> other_totals.gross_revenue
    or totals.net_revenue <> other_totals.net_revenue
