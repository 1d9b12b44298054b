-- marts.product_performance: what each product brought in, came back as, and is looked at
-- grain    one row per product per as_of_date: products delivered, products that a line, return or view names, and
--          '(not told)' for returns that name neither a product nor an order whose lines cost something
-- reads    core.products_as_of, core.product_months_as_of, core.return_months_as_of; of 28 days core.order_products_as_of
--          and core.events_as_of
-- rerun    replaces its own as_of_date and touches no other day
-- surprise a return of a whole order is divided among its products by what they cost, to the cent

with

products as (
    select * from core.products_as_of(%(known_on)s::date)
),

sales as (
    select
        product_id,
        sum(paid_orders) as paid_orders,
        sum(returned_orders) as returned_orders,
        sum(units) as units,
        sum(gross_revenue) as gross_revenue
    from core.product_months_as_of(%(as_of_date)s::date, %(known_on)s::date)
    group by product_id
),

comebacks as (
    select
        product_id,
        sum(returns_amount) as returns_amount
    from core.return_months_as_of(%(as_of_date)s::date, %(known_on)s::date)
    group by product_id
),

recent_sales as (
    select
        product_id,
        count(distinct user_id) as recent_buyers
    from core.order_products_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where is_paid and ordered_on > %(as_of_date)s::date - 28
    group by product_id
),

-- customers are counted first and products after: sorting every view by customer takes ten times as long
looks as (
    select
        product_id,
        sum(views) as recent_views,
        count(*) as recent_viewers
    from (
        select
            product_id,
            user_id,
            count(*) as views
        from core.events_as_of(%(as_of_date)s::date - 27, %(as_of_date)s::date, %(known_on)s::date, %(time_zone)s)
        where event_type = 'view'
        group by product_id, user_id
    ) as viewers
    group by product_id
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        product_id,
        products.name,
        products.category,
        products.price,
        coalesce(sales.paid_orders, 0) as paid_orders,
        coalesce(sales.units, 0) as units,
        coalesce(sales.gross_revenue, 0) as gross_revenue,
        coalesce(comebacks.returns_amount, 0) as returns_amount,
        coalesce(sales.gross_revenue, 0) - coalesce(comebacks.returns_amount, 0) as net_revenue,
        coalesce(sales.returned_orders, 0) as returned_orders,
        sales.returned_orders::numeric / sales.paid_orders as return_rate,
        case when %(has_views)s then coalesce(looks.recent_views, 0) end as recent_views,
        case when %(has_views)s then coalesce(looks.recent_viewers, 0) end as recent_viewers,
        coalesce(recent_sales.recent_buyers, 0) as recent_buyers
    from products
    full outer join sales using (product_id)
    full outer join comebacks using (product_id)
    full outer join recent_sales using (product_id)
    full outer join looks using (product_id)
)

select * from final;
