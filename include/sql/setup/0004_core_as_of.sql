-- How core is read: the state of the shop up to a day, as it was known on a day. What "paid", "gross revenue" and
-- "returned amount" mean is decided here and nowhere else.
--     as_of_date  nothing that happened later is seen
--     known_on    nothing that was delivered later is seen: as_of_date itself reads as known that night,
--                 9999-12-31 reads as restated by everything delivered since

-- grain: one row per order
create function core.orders_as_of(as_of_date date, known_on date)
returns table (
    user_id text,
    order_id text,
    ordered_on date,
    payment_status text,
    is_paid boolean,
    gross_amount numeric
)
language sql stable parallel safe
as $$
    with

    lines as (
        select
            user_id,
            order_id,
            sum(amount) as amount
        from core.order_items
        where known_from <= orders_as_of.known_on and orders_as_of.known_on < known_to
        group by user_id, order_id
    )

    select
        orders.user_id,
        orders.order_id,
        orders.ordered_on,
        orders.payment_status,
        -- a refunded order was paid: the sale stays, and the refund counts among the returns on its own day
        orders.payment_status in ('Paid', 'Refunded') as is_paid,
        coalesce(lines.amount, 0) as gross_amount
    from core.orders as orders
    left join lines
        on orders.user_id = lines.user_id
        and orders.order_id = lines.order_id
    where
        orders.known_from <= orders_as_of.known_on
        and orders_as_of.known_on < orders.known_to
        and orders.ordered_on <= orders_as_of.as_of_date
$$;

-- grain: one row per return
-- amount    what it takes off revenue: as delivered; else the order's lines of that product; else the whole order
--           (divided among the returns that say no more than that, so that none is taken off twice).
--           0 where its order is known but was never paid: no money came in, so none goes back.
create function core.returns_as_of(as_of_date date, known_on date)
returns table (
    user_id text,
    return_id text,
    order_id text,
    product_id text,
    return_reason text,
    returned_on date,
    is_on_paid_order boolean,
    amount numeric
)
language sql stable parallel safe
as $$
    with

    product_lines as (
        select
            user_id,
            order_id,
            product_id,
            sum(amount) as amount
        from core.order_items
        where known_from <= returns_as_of.known_on and returns_as_of.known_on < known_to
        group by user_id, order_id, product_id
    )

    select
        returns.user_id,
        returns.return_id,
        returns.order_id,
        returns.product_id,
        returns.return_reason,
        returns.returned_on,
        coalesce(orders.is_paid, false) as is_on_paid_order,
        case
            when orders.order_id is not null and not orders.is_paid then 0
            else coalesce(
                returns.amount,
                coalesce(product_lines.amount, orders.gross_amount, 0)
                / count(*) filter (where returns.amount is null) over (
                    partition by returns.user_id, returns.order_id, returns.product_id
                )
            )
        end as amount
    from core.returns as returns
    left join core.orders_as_of(returns_as_of.as_of_date, returns_as_of.known_on) as orders
        on returns.user_id = orders.user_id
        and returns.order_id = orders.order_id
    left join product_lines
        on returns.user_id = product_lines.user_id
        and returns.order_id = product_lines.order_id
        and returns.product_id = product_lines.product_id
    where
        returns.known_from <= returns_as_of.known_on
        and returns_as_of.known_on < returns.known_to
        and returns.returned_on <= returns_as_of.as_of_date
$$;

-- grain: one row per user with a paid order or a return
-- The sums over all rows are the shop's. user_id is empty for returns whose customer nobody has told.
create function core.customers_as_of(as_of_date date, known_on date)
returns table (
    user_id text,
    first_paid_on date,
    last_paid_on date,
    paid_orders bigint,
    gross_revenue numeric,
    returns_amount numeric,
    net_revenue numeric
)
language sql stable parallel safe
as $$
    with

    sales as (
        select
            user_id,
            min(ordered_on) as first_paid_on,
            max(ordered_on) as last_paid_on,
            count(*) as paid_orders,
            sum(gross_amount) as gross_revenue
        from core.orders_as_of(customers_as_of.as_of_date, customers_as_of.known_on)
        where is_paid
        group by user_id
    ),

    returns as (
        select
            user_id,
            sum(amount) as returns_amount
        from core.returns_as_of(customers_as_of.as_of_date, customers_as_of.known_on)
        group by user_id
    )

    select
        user_id,
        sales.first_paid_on,
        sales.last_paid_on,
        coalesce(sales.paid_orders, 0) as paid_orders,
        coalesce(sales.gross_revenue, 0) as gross_revenue,
        coalesce(returns.returns_amount, 0) as returns_amount,
        coalesce(sales.gross_revenue, 0) - coalesce(returns.returns_amount, 0) as net_revenue
    from sales
    full outer join returns using (user_id)
$$;
