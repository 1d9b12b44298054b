-- marts.kpi_daily: the shop's key figures of one day, and of all days up to it
-- grain    one row per as_of_date
-- reads    core.user_days, core.customers_as_of, core.users
-- rerun    replaces its own as_of_date and touches no other day

with

user_totals as (
    select
        count(*) filter (where known_since = %(as_of_date)s::date) as users,
        count(*) as users_to_date
    from (
        select
            user_id,
            min(known_from) as known_since
        from core.users
        where known_from <= %(as_of_date)s::date
        group by user_id
    ) as known_users
),

days as (
    select
        count(*) filter (where paid_orders > 0) as buyers,
        coalesce(sum(orders), 0) as orders,
        coalesce(sum(paid_orders), 0) as paid_orders,
        coalesce(sum(gross_revenue), 0) as gross_revenue,
        coalesce(sum(returns_amount), 0) as returns_amount
    from core.user_days
    where on_day = %(as_of_date)s::date and known_from <= %(known_on)s::date and %(known_on)s::date < known_to
),

customers as (
    select
        count(*) filter (where paid_orders > 0) as buyers_to_date,
        count(*) filter (where paid_orders > 1) as repeat_buyers_to_date,
        coalesce(sum(orders), 0) as orders_to_date,
        coalesce(sum(paid_orders), 0) as paid_orders_to_date,
        coalesce(sum(gross_revenue), 0) as gross_revenue_to_date,
        coalesce(sum(returns_amount), 0) as returns_amount_to_date
    from core.customers_as_of(%(as_of_date)s::date, %(known_on)s::date)
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        user_totals.users,
        days.buyers,
        days.orders,
        days.paid_orders,
        days.gross_revenue,
        days.returns_amount,
        days.gross_revenue - days.returns_amount as net_revenue,
        user_totals.users_to_date,
        customers.buyers_to_date,
        customers.repeat_buyers_to_date,
        customers.orders_to_date,
        customers.paid_orders_to_date,
        customers.gross_revenue_to_date,
        customers.returns_amount_to_date,
        customers.gross_revenue_to_date - customers.returns_amount_to_date as net_revenue_to_date,
        -- null without a paid order: a shop that sold nothing has no average and no rate
        customers.gross_revenue_to_date / nullif(customers.paid_orders_to_date, 0) as average_order_value_to_date,
        customers.repeat_buyers_to_date::numeric / nullif(customers.buyers_to_date, 0) as repeat_rate_to_date
    from user_totals
    cross join days
    cross join customers
)

select * from final;
