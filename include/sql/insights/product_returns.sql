-- insights/product_returns: how much of each product came back, of 91 days of orders whose return window has passed
-- grain    one row per product; its customers are what varies (x: their orders of which it came back, y: their orders with it)
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
        order_id,
        product_id
    from core.return_products_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where returned_on >= %(as_of_date)s::date - %(return_window_days)s::integer - 91
),

customers as (
    select
        products.product_id as value,
        products.name as name,
        bought.user_id,
        count(came_back.order_id)::numeric as x,
        count(*)::numeric as y
    from bought
    inner join products using (product_id)
    left join came_back using (order_id, product_id)
    group by products.product_id, products.name, bought.user_id
)

select
    value,
    name,
    count(*) as customers,
    sum(x) as numerator,
    sum(y) as denominator,
    sum(x) / sum(y) as ratio,
    sum(x * x) as sum_xx,
    sum(x * y) as sum_xy,
    sum(y * y) as sum_yy,
    sum(x * x * x) as sum_xxx,
    sum(x * x * y) as sum_xxy,
    sum(x * y * y) as sum_xyy,
    sum(y * y * y) as sum_yyy
from customers
group by value, name
order by ratio desc, value asc
