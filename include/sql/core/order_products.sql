-- core.order_products: what was known of a product in an order, over which days
-- grain    one row per order, product of it and stretch of days over which nothing about the order changed
-- reads    core.order_facts, core.order_items, core.returns; touched_orders (from the merge, same transaction)
-- rerun    lays the touched orders anew

delete from core.order_products as products
using touched_orders
where products.order_id = touched_orders.order_id;

insert into core.order_products (
    user_id,
    order_id,
    product_id,
    known_from,
    known_to,
    ordered_on,
    is_paid,
    is_returned,
    units,
    amount
)
with

items as (
    select told.*
    from core.order_items as told
    inner join touched_orders using (order_id)
),

bought as (
    select
        orders.user_id,
        orders.order_id,
        items.product_id,
        orders.known_from,
        orders.known_to,
        orders.ordered_on,
        orders.is_paid,
        orders.is_returned,
        sum(items.quantity) as units,
        sum(items.amount) as amount
    from core.order_facts as orders
    inner join items
        on
            orders.order_id = items.order_id
            and orders.known_from >= items.known_from
            and orders.known_from < items.known_to
    group by
        orders.user_id,
        orders.order_id,
        items.product_id,
        orders.known_from,
        orders.known_to,
        orders.ordered_on,
        orders.is_paid,
        orders.is_returned
),

returned as (
    select distinct
        bought.order_id,
        bought.product_id,
        bought.known_from
    from bought
    inner join core.returns as returns
        on
            bought.order_id = returns.order_id
            and bought.known_from >= returns.known_from
            and bought.known_from < returns.known_to
    where
        bought.is_returned
        and coalesce(returns.product_id, bought.product_id) = bought.product_id
)

select
    bought.user_id,
    order_id,
    product_id,
    known_from,
    bought.known_to,
    bought.ordered_on,
    bought.is_paid,
    returned.order_id is not null as is_returned,
    trim_scale(bought.units) as units,
    trim_scale(bought.amount) as amount
from bought
left join returned using (order_id, product_id, known_from);
