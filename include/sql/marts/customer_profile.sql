-- marts.customer_profile: all that is known of a customer in one row; what persona rules are written over
-- grain    one row per known user per as_of_date: users delivered, and users that an order, return or view names
-- reads    core.users, core.products, core.orders_as_of, core.order_items, core.returns_as_of, core.product_views
-- rerun    replaces its own as_of_date and touches no other day
-- absent   what a shop does not record is null (age, views, price_level), never invented

delete from marts.customer_profile
where as_of_date = %(as_of_date)s::date;

insert into marts.customer_profile (
    as_of_date,
    user_id,
    gender,
    age,
    location,
    known_since,
    days_known,
    paid_orders,
    unpaid_orders,
    gross_revenue,
    returns_amount,
    net_revenue,
    first_paid_on,
    last_paid_on,
    recency_days,
    average_order_value,
    returns,
    returned_orders,
    return_rate,
    views,
    views_per_order,
    price_level
)
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

orders as (
    select *
    from core.orders_as_of(%(as_of_date)s::date, %(known_on)s::date)
),

sales as (
    select
        user_id,
        min(ordered_on) as first_order_on,
        min(ordered_on) filter (where is_paid) as first_paid_on,
        max(ordered_on) filter (where is_paid) as last_paid_on,
        count(*) filter (where is_paid) as paid_orders,
        count(*) filter (where not is_paid) as unpaid_orders,
        coalesce(sum(gross_amount) filter (where is_paid), 0) as gross_revenue
    from orders
    group by user_id
),

returns as (
    select
        user_id,
        min(returned_on) as first_return_on,
        count(*) as returns,
        count(distinct order_id) filter (where is_on_paid_order) as returned_orders,
        sum(amount) as returns_amount
    from core.returns_as_of(%(as_of_date)s::date, %(known_on)s::date)
    group by user_id
),

views as (
    select
        user_id,
        min(viewed_on) as first_view_on,
        count(*) filter (where event_type = 'view') as views
    from core.product_views
    where
        known_from <= %(known_on)s::date
        and %(known_on)s::date < known_to
        and viewed_on <= %(as_of_date)s::date
    group by user_id
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
        items.user_id,
        avg(category_prices.price_level) as price_level
    from core.order_items as items
    inner join orders
        on
            items.user_id = orders.user_id
            and items.order_id = orders.order_id
            and orders.is_paid
    inner join category_prices on items.product_id = category_prices.product_id
    where items.known_from <= %(known_on)s::date and %(known_on)s::date < items.known_to
    group by items.user_id
),

customers as (
    select user_id from described
    union
    select user_id from sales
    union
    select user_id from returns
    union
    select user_id from views
),

profiles as (
    select
        customers.user_id,
        described.gender,
        described.age,
        described.location,
        -- least() passes over nulls
        coalesce(
            least(described.signup_date, sales.first_order_on, returns.first_return_on, views.first_view_on),
            described.told_on
        ) as known_since,
        coalesce(sales.paid_orders, 0) as paid_orders,
        coalesce(sales.unpaid_orders, 0) as unpaid_orders,
        coalesce(sales.gross_revenue, 0) as gross_revenue,
        coalesce(returns.returns_amount, 0) as returns_amount,
        sales.first_paid_on,
        sales.last_paid_on,
        coalesce(returns.returns, 0) as returns,
        coalesce(returns.returned_orders, 0) as returned_orders,
        case when %(has_views)s then coalesce(views.views, 0) end as views,
        price_levels.price_level
    from customers
    left join described using (user_id)
    left join sales using (user_id)
    left join returns using (user_id)
    left join views using (user_id)
    left join price_levels using (user_id)
    where customers.user_id <> '' -- the owner of orders whose header nobody has delivered
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
