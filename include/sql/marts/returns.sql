-- marts.returns: how much of what was bought came back, and from where
-- grain    one row per as_of_date, dimension and value of it: all, category, product, persona, reason
-- reads    core.customers_as_of, core.product_months_as_of, core.return_months_as_of, core.products_as_of, marts.personas;
--          of the return window core.orders_as_of, core.order_products_as_of, core.returns_as_of
-- rerun    replaces its own as_of_date and touches no other day
-- rates    paid orders of which something came back by as_of_date / paid orders, both by the day of the order. Matured:
--          only orders whose return window has passed (return_window_days in source.yaml), so that young orders, which
--          may yet come back, do not make the rate look good: all orders less those of the window.
-- surprise by category and product an order counts once for each of its products: the rate of a category is that of its
--          products taken together. A reason has no orders it could be a rate of; it counts returns and amounts only.

with

products as (
    select
        product_id,
        coalesce(category, '(not told)') as category
    from core.products_as_of(%(known_on)s::date)
),

customers as (
    select
        user_id,
        coalesce(personas.persona, '(not told)') as persona,
        customers.paid_orders,
        customers.returned_orders,
        customers.returns,
        customers.returns_amount
    from core.customers_as_of(%(as_of_date)s::date, %(known_on)s::date) as customers
    left join (
        select
            user_id,
            persona
        from marts.personas
        where as_of_date = %(as_of_date)s::date
    ) as personas using (user_id)
    where customers.paid_orders > 0 or customers.returns > 0
),

returned as (
    select
        user_id,
        order_id,
        product_id
    from core.returns_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where order_id is not null
),

young_orders as (
    select
        user_id,
        count(*) as paid_orders,
        count(came_back.order_id) as returned_orders
    from core.orders_as_of(%(as_of_date)s::date, %(known_on)s::date)
    left join (
        select distinct
            user_id,
            order_id
        from returned
    ) as came_back using (user_id, order_id)
    where is_paid and ordered_on >= %(as_of_date)s::date - %(return_window_days)s::integer
    group by user_id
),

young_bought as (
    select
        user_id,
        order_id,
        product_id
    from core.order_products_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where is_paid and ordered_on >= %(as_of_date)s::date - %(return_window_days)s::integer
),

young_came_back as (
    select distinct
        user_id,
        order_id,
        young_bought.product_id
    from young_bought
    inner join returned using (user_id, order_id)
    where coalesce(returned.product_id, young_bought.product_id) = young_bought.product_id
),

young_products as (
    select
        product_id,
        count(*) as paid_orders,
        count(young_came_back.order_id) as returned_orders
    from young_bought
    left join young_came_back using (user_id, order_id, product_id)
    group by product_id
),

by_customer as (
    select
        slices.dimension,
        slices.value,
        sum(customers.paid_orders) as paid_orders,
        sum(customers.returned_orders) as returned_orders,
        sum(customers.paid_orders - coalesce(young_orders.paid_orders, 0)) as matured_orders,
        sum(customers.returned_orders - coalesce(young_orders.returned_orders, 0)) as matured_returned_orders,
        sum(customers.returns) as returns,
        sum(customers.returns_amount) as returns_amount
    from customers
    left join young_orders using (user_id)
    cross join lateral (values ('all', 'all'), ('persona', customers.persona)) as slices (dimension, value)
    group by slices.dimension, slices.value
),

sales as (
    select
        product_id,
        sum(paid_orders) as paid_orders,
        sum(returned_orders) as returned_orders
    from core.product_months_as_of(%(as_of_date)s::date, %(known_on)s::date)
    group by product_id
),

comebacks as (
    select
        product_id,
        coalesce(nullif(return_reason, ''), '(not told)') as return_reason,
        sum(returns) as returns,
        sum(returns_amount) as returns_amount
    from core.return_months_as_of(%(as_of_date)s::date, %(known_on)s::date)
    group by product_id, coalesce(nullif(return_reason, ''), '(not told)')
),

product_totals as (
    select
        product_id,
        coalesce(products.category, '(not told)') as category,
        coalesce(sales.paid_orders, 0) as paid_orders,
        coalesce(sales.returned_orders, 0) as returned_orders,
        coalesce(sales.paid_orders - coalesce(young_products.paid_orders, 0), 0) as matured_orders,
        coalesce(sales.returned_orders - coalesce(young_products.returned_orders, 0), 0) as matured_returned_orders,
        coalesce(totals.returns, 0) as returns,
        coalesce(totals.returns_amount, 0) as returns_amount
    from sales
    full outer join (
        select
            product_id,
            sum(returns) as returns,
            sum(returns_amount) as returns_amount
        from comebacks
        group by product_id
    ) as totals using (product_id)
    left join young_products using (product_id)
    left join products using (product_id)
),

by_product as (
    select
        slices.dimension,
        slices.value,
        sum(product_totals.paid_orders) as paid_orders,
        sum(product_totals.returned_orders) as returned_orders,
        sum(product_totals.matured_orders) as matured_orders,
        sum(product_totals.matured_returned_orders) as matured_returned_orders,
        sum(product_totals.returns) as returns,
        sum(product_totals.returns_amount) as returns_amount
    from product_totals
    cross join
        lateral (
            values ('category', product_totals.category), ('product', product_totals.product_id)
        ) as slices (dimension, value)
    group by slices.dimension, slices.value
),

counted as (
    select * from by_customer
    union all
    select * from by_product
    union all
    select
        'reason' as dimension,
        return_reason as value,
        null as paid_orders,
        null as returned_orders,
        null as matured_orders,
        null as matured_returned_orders,
        sum(returns) as returns,
        sum(returns_amount) as returns_amount
    from comebacks
    group by return_reason
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        dimension,
        value,
        paid_orders,
        returned_orders,
        returned_orders::numeric / nullif(paid_orders, 0) as return_rate,
        matured_orders,
        matured_returned_orders,
        matured_returned_orders::numeric / nullif(matured_orders, 0) as matured_return_rate,
        returns,
        returns_amount
    from counted
)

select * from final;
