-- core.order_items: order lines, as each delivery told them
-- grain    one row per order line and delivery, cut where the order changed hands
-- reads    staging.order_items, core.order_owners, touched_orders (from core/orders.sql, same transaction)
-- rerun    takes the touched orders' deliveries apart and lays them anew: what an order ends as does not
--          depend on whether its header or its lines came first

create temporary table delivered_items on commit drop as
select
    order_id,
    line_no,
    delivered_on,
    product_id,
    quantity,
    unit_price
from core.order_items
inner join touched_orders using (order_id)
where
    known_from = delivered_on -- the first cut of each delivery
    and delivered_on not in (
        select source_day from staging.batches
        where source_day between %(first_day)s and %(last_day)s
    )
union all
select
    order_id,
    line_no,
    source_day as delivered_on,
    product_id,
    quantity,
    unit_price
from staging.order_items
where source_day between %(first_day)s and %(last_day)s;

delete from core.order_items as items
using touched_orders
where items.order_id = touched_orders.order_id;

create temporary table touched_owners on commit drop as
select
    order_id,
    user_id,
    known_from,
    known_to
from core.order_owners
-- an array is pushed into the view; a join would have the owners of every order computed first
where order_id = any(array(select touched_orders.order_id from touched_orders));

analyze delivered_items;
analyze touched_owners;

insert into core.order_items (
    user_id,
    order_id,
    line_no,
    known_from,
    known_to,
    delivered_on,
    product_id,
    quantity,
    unit_price
)
with

deliveries as (
    select
        order_id,
        line_no,
        delivered_on,
        coalesce(
            lead(delivered_on) over (partition by order_id, line_no order by delivered_on), 'infinity'::date
        ) as replaced_on,
        product_id,
        quantity,
        unit_price
    from delivered_items
)

select
    coalesce(owners.user_id, '') as user_id,
    deliveries.order_id,
    deliveries.line_no,
    greatest(deliveries.delivered_on, owners.known_from) as known_from,
    least(deliveries.replaced_on, owners.known_to) as known_to,
    deliveries.delivered_on,
    deliveries.product_id,
    deliveries.quantity,
    deliveries.unit_price
from deliveries
left join touched_owners as owners
    on
        deliveries.order_id = owners.order_id
        and deliveries.delivered_on < owners.known_to
        and deliveries.replaced_on > owners.known_from;
