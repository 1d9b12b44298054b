-- marts.customer_profile: all that is known of a customer in one row; what persona rules are written over
-- grain    one row per known user per as_of_date: users delivered, and users that any order, return, event or contact
--          names
-- reads    core.users, core.customers_as_of; for price_level core.products, core.order_products_as_of
-- rerun    replaces its own as_of_date and touches no other day
-- absent   what a shop does not record is null (age, views, carts, price_level), never invented
-- lately   price_level and products_per_order look at 91 days back, so that a night costs the same however long the history

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

-- a step that nobody ever took is one the shop does not record
recorded as (
    select
        %(has_views)s and coalesce(max(add_to_carts), 0) > 0 as has_carts,
        %(has_views)s and coalesce(max(checkouts), 0) > 0 as has_checkouts
    from customers
),

category_prices as (
    select
        product_id,
        price / nullif(avg(price) over (partition by category), 0) as price_level
    from core.products
    where known_from <= %(known_on)s::date and %(known_on)s::date < known_to and category is not null
),

baskets as (
    select
        bought.user_id,
        avg(category_prices.price_level) as price_level,
        count(*)::numeric / count(distinct bought.order_id) as products_per_order
    from core.order_products_as_of(%(as_of_date)s::date, %(known_on)s::date) as bought
    left join category_prices on bought.product_id = category_prices.product_id
    where bought.is_paid and bought.ordered_on > %(as_of_date)s::date - 91
    group by bought.user_id
),

profiles as (
    select
        user_id,
        described.gender,
        described.age,
        described.location,
        -- least() passes over nulls
        coalesce(least(described.signup_date, customers.first_seen_on), described.told_on) as known_since,
        coalesce(customers.orders, 0) as orders,
        coalesce(customers.paid_orders, 0) as paid_orders,
        coalesce(customers.gross_revenue, 0) as gross_revenue,
        coalesce(customers.returns_amount, 0) as returns_amount,
        customers.first_seen_on,
        customers.last_active_on,
        customers.first_paid_on,
        customers.last_paid_on,
        coalesce(customers.returns, 0) as returns,
        coalesce(customers.returned_orders, 0) as returned_orders,
        case when %(has_views)s then coalesce(customers.views, 0) end as views,
        case when recorded.has_carts then coalesce(customers.add_to_carts, 0) end as add_to_carts,
        case when recorded.has_checkouts then coalesce(customers.checkouts, 0) end as checkouts,
        case when %(has_contacts)s then coalesce(customers.contacts, 0) end as contacts,
        -- of somebody seen since yesterday no month is known yet; greatest() passes over nulls
        greatest(30, %(as_of_date)s::date - customers.first_seen_on + 1) / 30.0 as months_seen,
        baskets.price_level,
        baskets.products_per_order
    from described
    full outer join customers using (user_id)
    left join baskets using (user_id)
    cross join recorded
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
        orders - paid_orders as unpaid_orders,
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
        price_level,
        case
            when age is null then 'unknown'
            when age < 18 then 'under 18'
            when age < 25 then '18-24'
            when age < 35 then '25-34'
            when age < 45 then '35-44'
            when age < 55 then '45-54'
            when age < 65 then '55-64'
            else '65+'
        end as age_group,
        first_seen_on,
        last_active_on,
        %(as_of_date)s::date - last_active_on as idle_days,
        orders,
        paid_orders / months_seen as orders_per_30_days,
        (last_paid_on - first_paid_on)::numeric / nullif(paid_orders - 1, 0) as days_between_orders,
        products_per_order,
        add_to_carts,
        checkouts,
        add_to_carts::numeric / nullif(views, 0) as carts_per_view,
        views / months_seen as views_per_30_days,
        contacts,
        contacts / months_seen as contacts_per_30_days
    from profiles
)

select * from final;
