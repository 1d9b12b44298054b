-- marts.customer_profile: all that is known of a customer in one row; what persona rules are written over
-- grain    one row per known user per as_of_date: users delivered, and users that any order, return, event or contact
--          names
-- reads    core.users, core.customers_as_of; for price_level core.products, core.order_items, core.orders_as_of
-- rerun    replaces its own as_of_date and touches no other day
-- absent   what a shop does not record is null (age, views, price_level), never invented

with

-- restated or not, a customer first told of later was nobody's customer yet
told as (
    select
        user_id,
        min(known_from) as told_on
    from core.users
    group by user_id
    having min(known_from) <= %(as_of_date)s::date
),

described as (
    select
        users.user_id,
        told.told_on,
        users.signup_date,
        users.gender,
        users.age,
        users.location
    from core.users as users
    inner join told on users.user_id = told.user_id
    where users.known_from <= %(known_on)s::date and %(known_on)s::date < users.known_to
),

customers as (
    select *
    from core.customers_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where user_id <> '' -- nobody has told whose returns those are
),

category_prices as (
    select
        product_id,
        price / nullif(avg(price) over (partition by category), 0) as price_level
    from core.products
    where known_from <= %(known_on)s::date and %(known_on)s::date < known_to and category is not null
),

price_levels as (
    select
        orders.user_id,
        avg(category_prices.price_level) as price_level
    from core.order_items as items
    inner join core.orders_as_of(%(as_of_date)s::date, %(known_on)s::date) as orders
        on items.order_id = orders.order_id and orders.is_paid
    inner join category_prices on items.product_id = category_prices.product_id
    where items.known_from <= %(known_on)s::date and %(known_on)s::date < items.known_to
    group by orders.user_id
),

profiles as (
    select
        user_id,
        described.gender,
        described.age,
        described.location,
        -- least() passes over nulls
        coalesce(least(described.signup_date, customers.first_seen_on), described.told_on) as known_since,
        coalesce(customers.paid_orders, 0) as paid_orders,
        coalesce(customers.orders - customers.paid_orders, 0) as unpaid_orders,
        coalesce(customers.gross_revenue, 0) as gross_revenue,
        coalesce(customers.returns_amount, 0) as returns_amount,
        customers.first_paid_on,
        customers.last_paid_on,
        coalesce(customers.returns, 0) as returns,
        coalesce(customers.returned_orders, 0) as returned_orders,
        case when %(has_views)s then coalesce(customers.views, 0) end as views,
        price_levels.price_level
    from described
    full outer join customers using (user_id)
    left join price_levels using (user_id)
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        user_id,
        gender,
        age,
        location,
        known_since,
        %(as_of_date)s::date - known_since as days_known,
        paid_orders,
        unpaid_orders,
        gross_revenue,
        returns_amount,
        gross_revenue - returns_amount as net_revenue,
        first_paid_on,
        last_paid_on,
        %(as_of_date)s::date - last_paid_on as recency_days,
        gross_revenue / nullif(paid_orders, 0) as average_order_value,
        returns,
        returned_orders,
        returned_orders::numeric / nullif(paid_orders, 0) as return_rate,
        views,
        views::numeric / nullif(paid_orders, 0) as views_per_order,
        price_level
    from profiles
)

select * from final;
