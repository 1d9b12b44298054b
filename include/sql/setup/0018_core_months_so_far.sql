-- Fills the tables of 0008 from the facts a warehouse has already, as include/sql/core would have; an empty one gets nothing.

insert into core.order_products
with

bought as (
    select
        orders.user_id,
        orders.order_id,
        items.product_id,
        orders.known_from,
        orders.known_to,
        orders.ordered_on,
        orders.is_paid,
        sum(items.quantity) as units,
        sum(items.amount) as amount
    from core.order_facts as orders
    inner join core.order_items as items
        on
            orders.order_id = items.order_id
            and orders.known_from >= items.known_from
            and orders.known_from < items.known_to
    group by
        orders.user_id, orders.order_id, items.product_id, orders.known_from, orders.known_to, orders.ordered_on,
        orders.is_paid
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
    where coalesce(returns.product_id, bought.product_id) = bought.product_id
)

select
    bought.user_id,
    bought.order_id,
    bought.product_id,
    bought.known_from,
    bought.known_to,
    bought.ordered_on,
    bought.is_paid,
    returned.order_id is not null as is_returned,
    trim_scale(bought.units) as units,
    trim_scale(bought.amount) as amount
from bought
left join returned using (order_id, product_id, known_from);

insert into core.return_products
with

shares as (
    select
        returned.order_id,
        returned.return_id,
        returned.known_from,
        products.product_id,
        returned.amount,
        sum(products.amount) over so_far / sum(products.amount) over whole as share_so_far
    from core.return_facts as returned
    inner join core.order_products as products
        on
            returned.order_id = products.order_id
            and returned.known_from >= products.known_from
            and returned.known_from < products.known_to
    where returned.product_id is null and products.amount > 0
    window
        whole as (partition by returned.order_id, returned.return_id, returned.known_from),
        so_far as (
            partition by returned.order_id, returned.return_id, returned.known_from order by products.product_id
        )
),

amounts as (
    select
        order_id,
        return_id,
        known_from,
        product_id,
        upto - coalesce(lag(upto) over (partition by order_id, return_id, known_from order by product_id), 0) as amount
    from (
        select
            *,
            case when share_so_far < 1 then round(amount * share_so_far, 2) else amount end as upto
        from shares
    ) as running
)

select
    returned.user_id,
    order_id,
    return_id,
    coalesce(returned.product_id, amounts.product_id, '(not told)') as product_id,
    known_from,
    returned.known_to,
    coalesce(returned.return_reason, '') as return_reason,
    returned.returned_on,
    returned.is_on_paid_order,
    trim_scale(coalesce(amounts.amount, returned.amount)) as amount
from core.return_facts as returned
left join amounts using (order_id, return_id, known_from);

insert into core.user_months
with

edges as (
    select
        date_trunc('month', days.on_day)::date as month,
        days.user_id,
        edge.known_on,
        edge.sign * days.paid_orders as paid_orders,
        edge.sign * days.gross_revenue as gross_revenue,
        edge.sign * days.returns as returns,
        edge.sign * days.returns_amount as returns_amount
    from core.user_days as days
    cross join lateral (values (days.known_from, 1), (days.known_to, -1)) as edge (known_on, sign)
    where
        edge.known_on < 'infinity'
        and (days.paid_orders, days.gross_revenue, days.returns, days.returns_amount) <> (0, 0, 0, 0)
),

steps as (
    select
        month,
        user_id,
        known_on,
        sum(paid_orders) as paid_orders,
        sum(gross_revenue) as gross_revenue,
        sum(returns) as returns,
        sum(returns_amount) as returns_amount
    from edges
    group by month, user_id, known_on
    having (sum(paid_orders), sum(gross_revenue), sum(returns), sum(returns_amount)) <> (0, 0, 0, 0)
)

select *
from (
    select
        month,
        user_id,
        known_on as known_from,
        coalesce(lead(known_on) over so_far, 'infinity'::date) as known_to,
        sum(paid_orders) over so_far as paid_orders,
        trim_scale(sum(gross_revenue) over so_far) as gross_revenue,
        sum(returns) over so_far as returns,
        trim_scale(sum(returns_amount) over so_far) as returns_amount
    from steps
    window so_far as (partition by month, user_id order by known_on)
) as stretches
where (paid_orders, gross_revenue, returns, returns_amount) <> (0, 0, 0, 0);

insert into core.product_months
with

edges as (
    select
        date_trunc('month', products.ordered_on)::date as month,
        products.product_id,
        edge.known_on,
        edge.sign as paid_orders,
        edge.sign * products.is_returned::integer as returned_orders,
        edge.sign * products.units as units,
        edge.sign * products.amount as gross_revenue
    from core.order_products as products
    cross join lateral (values (products.known_from, 1), (products.known_to, -1)) as edge (known_on, sign)
    where products.is_paid and edge.known_on < 'infinity'
),

steps as (
    select
        month,
        product_id,
        known_on,
        sum(paid_orders) as paid_orders,
        sum(returned_orders) as returned_orders,
        sum(units) as units,
        sum(gross_revenue) as gross_revenue
    from edges
    group by month, product_id, known_on
    having (sum(paid_orders), sum(returned_orders), sum(units), sum(gross_revenue)) <> (0, 0, 0, 0)
)

select *
from (
    select
        month,
        product_id,
        known_on as known_from,
        coalesce(lead(known_on) over so_far, 'infinity'::date) as known_to,
        sum(paid_orders) over so_far as paid_orders,
        sum(returned_orders) over so_far as returned_orders,
        trim_scale(sum(units) over so_far) as units,
        trim_scale(sum(gross_revenue) over so_far) as gross_revenue
    from steps
    window so_far as (partition by month, product_id order by known_on)
) as stretches
where (paid_orders, returned_orders, units, gross_revenue) <> (0, 0, 0, 0);

insert into core.return_months
with

edges as (
    select
        date_trunc('month', products.returned_on)::date as month,
        products.product_id,
        products.return_reason,
        edge.known_on,
        edge.sign as returns,
        edge.sign * products.amount as returns_amount
    from core.return_products as products
    cross join lateral (values (products.known_from, 1), (products.known_to, -1)) as edge (known_on, sign)
    where edge.known_on < 'infinity'
),

steps as (
    select
        month,
        product_id,
        return_reason,
        known_on,
        sum(returns) as returns,
        sum(returns_amount) as returns_amount
    from edges
    group by month, product_id, return_reason, known_on
    having (sum(returns), sum(returns_amount)) <> (0, 0)
)

select *
from (
    select
        month,
        product_id,
        return_reason,
        known_on as known_from,
        coalesce(lead(known_on) over so_far, 'infinity'::date) as known_to,
        sum(returns) over so_far as returns,
        trim_scale(sum(returns_amount) over so_far) as returns_amount
    from steps
    window so_far as (partition by month, product_id, return_reason order by known_on)
) as stretches
where (returns, returns_amount) <> (0, 0);
