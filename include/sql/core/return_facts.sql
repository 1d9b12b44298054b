-- core.return_facts: what was known of a return, whose it is and what it takes off revenue, over which days
-- grain    one row per return and stretch of days over which nothing about it or its order changed
-- reads    core.returns, core.order_items, core.order_facts; touched_orders, touched_returns (same transaction)
-- rerun    lays the returns of touched orders, and touched returns without an order, anew
-- amount   as told; else the order's lines of that product; else the whole order, divided among the returns that say
--          no more than that, so that none is taken off twice. 0 where the order was never paid, and while nothing is
--          known of it and the return says no amount itself.

delete from core.return_facts as facts
using touched_returns
where
    facts.order_id = touched_returns.order_id
    and facts.return_id = touched_returns.return_id;

insert into core.return_facts (
    user_id,
    order_id,
    return_id,
    known_from,
    known_to,
    product_id,
    return_reason,
    returned_on,
    has_date,
    is_on_paid_order,
    amount
)
with

told as (
    select
        returns.*,
        min(returns.known_from) over (partition by returns.order_id, returns.return_id) as first_told_on
    from core.returns as returns
    inner join touched_returns using (order_id, return_id)
),

moments as (
    select
        order_id,
        known_from,
        return_id
    from told
    union
    select
        told.order_id,
        orders.known_from,
        told.return_id
    from told
    inner join core.order_facts as orders
        on
            told.order_id = orders.order_id
            and told.known_from < orders.known_from
            and told.known_to > orders.known_from
),

stretches as (
    select
        *,
        coalesce(
            lead(known_from) over (partition by order_id, return_id order by known_from), 'infinity'::date
        ) as known_to
    from moments
),

-- with the order as it was known over the stretch
matched as (
    select
        stretches.known_from as stretch_from,
        stretches.known_to as stretch_to,
        told.*,
        orders.user_id as owner,
        orders.is_paid,
        orders.gross_amount
    from stretches
    inner join told
        on
            stretches.order_id = told.order_id
            and stretches.return_id = told.return_id
            and stretches.known_from >= told.known_from
            and stretches.known_from < told.known_to
    left join core.order_facts as orders
        on
            told.order_id = orders.order_id
            and stretches.known_from >= orders.known_from
            and stretches.known_from < orders.known_to
),

product_lines as (
    select
        matched.order_id,
        matched.return_id,
        matched.stretch_from,
        sum(items.amount) as amount
    from matched
    inner join core.order_items as items
        on
            matched.order_id = items.order_id
            and matched.product_id = items.product_id
            and matched.stretch_from >= items.known_from
            and matched.stretch_from < items.known_to
    where matched.amount is null
    group by matched.order_id, matched.return_id, matched.stretch_from
)

select
    coalesce(matched.owner, matched.named_user_id, '') as user_id,
    order_id,
    return_id,
    stretch_from as known_from,
    matched.stretch_to as known_to,
    matched.product_id,
    matched.return_reason,
    coalesce(matched.dated_on, matched.first_told_on) as returned_on,
    matched.dated_on is not null as has_date,
    coalesce(matched.is_paid, false) as is_on_paid_order,
    case
        when matched.owner is null then coalesce(matched.amount, 0)
        when not matched.is_paid then 0
        else coalesce(
            matched.amount,
            coalesce(product_lines.amount, matched.gross_amount)
            / count(*) filter (where matched.amount is null) over (
                partition by order_id, matched.product_id, stretch_from
            )
        )
    end as amount
from matched
left join product_lines using (order_id, return_id, stretch_from);
