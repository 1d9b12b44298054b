-- insights/goods_returns: what came back of 91 days of orders whose return window has passed, by product and by category
-- grain    one row per noun (product, category) and value; its customers are what varies (x: their order lines of it that
--          came back, y: their order lines of it)
-- reads    core.order_products_as_of, core.return_products_as_of, core.products_as_of

with

products as (
    select
        product_id,
        coalesce(name, product_id) as name,
        coalesce(category, '(not told)') as category
    from core.products_as_of(%(known_on)s::date)
),

bought as (
    select
        user_id,
        order_id,
        product_id
    from core.order_products_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where
        is_paid
        and ordered_on < %(as_of_date)s::date - %(return_window_days)s::integer
        and ordered_on >= %(as_of_date)s::date - %(return_window_days)s::integer - 91
),

came_back as (
    select distinct
        user_id,
        order_id,
        product_id
    from core.return_products_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where returned_on >= %(as_of_date)s::date - %(return_window_days)s::integer - 91
),

customers as (
    select
        user_id,
        bought.product_id,
        count(came_back.order_id) as x,
        count(*) as y
    from bought
    left join came_back using (user_id, order_id, product_id)
    group by user_id, bought.product_id
),

-- most customers are like many others (one order, nothing back): those who are alike are multiplied once
alike as (
    select
        'product' as noun,
        products.product_id as value,
        products.name,
        customers.x,
        customers.y,
        count(*) as customers
    from customers
    inner join products using (product_id)
    group by products.product_id, products.name, customers.x, customers.y
    union all
    select
        'category' as noun,
        category as value,
        category as name,
        x,
        y,
        count(*) as customers
    from (
        select
            products.category,
            customers.user_id,
            sum(customers.x)::bigint as x,
            sum(customers.y)::bigint as y
        from customers
        inner join products using (product_id)
        group by products.category, customers.user_id
    ) as of_categories
    group by category, x, y
)

select
    noun,
    value,
    name,
    sum(customers) as customers,
    sum(customers * x) as numerator,
    sum(customers * y) as denominator,
    sum(customers * x) / sum(customers * y) as ratio,
    sum(customers * x * x) as sum_xx,
    sum(customers * x * y) as sum_xy,
    sum(customers * y * y) as sum_yy,
    sum(customers * x * x * x) as sum_xxx,
    sum(customers * x * x * y) as sum_xxy,
    sum(customers * x * y * y) as sum_xyy,
    sum(customers * y * y * y) as sum_yyy
from alike
group by noun, value, name
order by noun desc, ratio desc, value asc
