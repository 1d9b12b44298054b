-- core.order_facts: what was known of an order, its lines and its returns, over which days
-- grain    one row per order and stretch of days over which nothing about it changed
-- reads    core.orders, core.order_items, core.returns; touched_orders (from the merge, same transaction)
-- rerun    lays the touched orders anew

delete from core.order_facts as facts
using touched_orders
where facts.order_id = touched_orders.order_id;

insert into core.order_facts (
    user_id,
    order_id,
    known_from,
    known_to,
    ordered_at,
    ordered_on,
    payment_status,
    is_paid,
    is_returned,
    line_count,
    gross_amount
)
with

moments as (
    select
        orders.order_id,
        orders.known_from
    from core.orders as orders
    inner join touched_orders using (order_id)
    union
    select
        items.order_id,
        items.known_from
    from core.order_items as items
    inner join touched_orders using (order_id)
    union
    select
        returns.order_id,
        returns.known_from
    from core.returns as returns
    inner join touched_orders using (order_id)
),

stretches as (
    select
        order_id,
        known_from,
        coalesce(lead(known_from) over (partition by order_id order by known_from), 'infinity'::date) as known_to
    from moments
),

lines as (
    select
        stretches.order_id,
        stretches.known_from,
        count(*) as line_count,
        sum(items.amount) as amount
    from stretches
    inner join core.order_items as items
        on
            stretches.order_id = items.order_id
            and stretches.known_from >= items.known_from
            and stretches.known_from < items.known_to
    group by stretches.order_id, stretches.known_from
),

returned as (
    select distinct
        stretches.order_id,
        stretches.known_from
    from stretches
    inner join core.returns as returns
        on
            stretches.order_id = returns.order_id
            and stretches.known_from >= returns.known_from
            and stretches.known_from < returns.known_to
)

select
    orders.user_id,
    orders.order_id,
    stretches.known_from,
    stretches.known_to,
    orders.ordered_at,
    orders.ordered_on,
    orders.payment_status,
    -- a refunded order was paid: the sale stays, and the refund counts among the returns on its own day
    orders.payment_status in ('Paid', 'Refunded') as is_paid,
    returned.order_id is not null as is_returned,
    coalesce(lines.line_count, 0) as line_count,
    coalesce(lines.amount, 0) as gross_amount
from stretches
-- before its header is known, an order is nobody's and has no day
inner join core.orders as orders
    on
        stretches.order_id = orders.order_id
        and stretches.known_from >= orders.known_from
        and stretches.known_from < orders.known_to
left join lines
    on
        stretches.order_id = lines.order_id
        and stretches.known_from = lines.known_from
left join returned
    on
        stretches.order_id = returned.order_id
        and stretches.known_from = returned.known_from;
