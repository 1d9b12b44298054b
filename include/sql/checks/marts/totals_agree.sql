-- fail: Paid orders, revenue and returns are the same to the cent in every mart that sums them.
-- grain    one row per finding, named by key: the mart, and of returns the dimension
-- reaches  customer_profile and rfm lack returns of nobody (user_id '') and of those who never paid, cohorts lack both: these
--          are taken from ltv. product_performance has every line and return, under '(not told)' where no product is told,
--          but counts orders once per product, as returns do by category and product: these orders are not compared. Orders
--          without lines are worth nothing, and are orders everywhere else. funnel and reach sum nothing.

with

totals as (
    select
        paid_orders_to_date as paid_orders,
        gross_revenue_to_date as gross_revenue,
        returns_amount_to_date as returns_amount,
        net_revenue_to_date as net_revenue
    from marts.kpi_daily
    where as_of_date = %(as_of_date)s::date
),

lifetime as (
    select
        coalesce(sum(paid_orders), 0) as paid_orders,
        coalesce(sum(gross_revenue), 0) as gross_revenue,
        coalesce(sum(returns_amount), 0) as returns_amount,
        coalesce(sum(net_revenue), 0) as net_revenue,
        coalesce(sum(returns_amount) filter (where paid_orders = 0), 0) as without_purchase,
        coalesce(sum(returns_amount) filter (where user_id = ''), 0) as without_name
    from marts.ltv
    where as_of_date = %(as_of_date)s::date
),

-- what a mart has no column of, or counts otherwise, is null and not compared
other_totals as (
    select
        'ltv' as mart,
        paid_orders,
        gross_revenue,
        returns_amount,
        net_revenue
    from lifetime
    union all
    select
        'kpi_monthly' as mart,
        coalesce(sum(paid_orders), 0) as paid_orders,
        coalesce(sum(gross_revenue), 0) as gross_revenue,
        coalesce(sum(returns_amount), 0) as returns_amount,
        coalesce(sum(net_revenue), 0) as net_revenue
    from marts.kpi_monthly
    where as_of_date = %(as_of_date)s::date
    union all
    select
        'rfm' as mart,
        coalesce(sum(rfm.frequency), 0) as paid_orders,
        null as gross_revenue,
        null as returns_amount,
        coalesce(sum(rfm.monetary), 0) - max(lifetime.without_purchase) as net_revenue
    from lifetime
    left join marts.rfm as rfm on rfm.as_of_date = %(as_of_date)s::date
    union all
    select
        'customer_profile' as mart,
        coalesce(sum(profiles.paid_orders), 0) as paid_orders,
        coalesce(sum(profiles.gross_revenue), 0) as gross_revenue,
        coalesce(sum(profiles.returns_amount), 0) + max(lifetime.without_name) as returns_amount,
        coalesce(sum(profiles.net_revenue), 0) - max(lifetime.without_name) as net_revenue
    from lifetime
    left join marts.customer_profile as profiles on profiles.as_of_date = %(as_of_date)s::date
    union all
    select
        'cohorts' as mart,
        coalesce(sum(cohorts.paid_orders), 0) as paid_orders,
        coalesce(sum(cohorts.gross_revenue), 0) as gross_revenue,
        coalesce(sum(cohorts.returns_amount), 0) + max(lifetime.without_purchase) as returns_amount,
        coalesce(sum(cohorts.net_revenue), 0) - max(lifetime.without_purchase) as net_revenue
    from lifetime
    left join marts.cohorts as cohorts on cohorts.as_of_date = %(as_of_date)s::date
    union all
    select
        'product_performance' as mart,
        null as paid_orders,
        coalesce(sum(gross_revenue), 0) as gross_revenue,
        coalesce(sum(returns_amount), 0) as returns_amount,
        coalesce(sum(net_revenue), 0) as net_revenue
    from marts.product_performance
    where as_of_date = %(as_of_date)s::date
    union all
    select
        'returns by ' || dimensions.dimension as mart,
        case when dimensions.has_orders then coalesce(sum(returned.paid_orders), 0) end as paid_orders,
        null as gross_revenue,
        coalesce(sum(returned.returns_amount), 0) as returns_amount,
        null as net_revenue
    from (values ('all', true), ('persona', true), ('category', false), ('product', false), ('reason', false))
        as dimensions (dimension, has_orders)
    left join marts.returns as returned
        on dimensions.dimension = returned.dimension and returned.as_of_date = %(as_of_date)s::date
    group by dimensions.dimension, dimensions.has_orders
    union all
    select
        'dashboard_cube_customers' as mart,
        coalesce(sum(paid_orders), 0) as paid_orders,
        coalesce(sum(gross_revenue), 0) as gross_revenue,
        coalesce(sum(returns_amount), 0) as returns_amount,
        coalesce(sum(net_revenue), 0) as net_revenue
    from marts.dashboard_cube_customers
    where as_of_date = %(as_of_date)s::date
    union all
    select
        'dashboard_cube_months' as mart,
        coalesce(sum(paid_orders), 0) as paid_orders,
        coalesce(sum(gross_revenue), 0) as gross_revenue,
        coalesce(sum(returns_amount), 0) as returns_amount,
        coalesce(sum(net_revenue), 0) as net_revenue
    from marts.dashboard_cube_months
    where as_of_date = %(as_of_date)s::date
)

select other_totals.mart as key
from totals
cross join other_totals
where
    totals.paid_orders <> other_totals.paid_orders
    or totals.gross_revenue <> other_totals.gross_revenue
    or totals.returns_amount <> other_totals.returns_amount
    or totals.net_revenue <> other_totals.net_revenue
