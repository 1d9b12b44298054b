-- How the tables of 0008, and events, are read: as in 0005, up to as_of_date and as known on known_on. As known that night, months are read off; only
-- a restated past is summed up from its facts.

-- grain: one row per order and product of it
create function core.order_products_as_of(as_of_date date, known_on date)
returns table (
    user_id text,
    order_id text,
    product_id text,
    ordered_on date,
    is_paid boolean,
    units numeric,
    amount numeric
)
language sql stable parallel safe
as $$
    select
        user_id,
        order_id,
        product_id,
        ordered_on,
        is_paid,
        units,
        amount
    from core.order_products
    where
        known_from <= order_products_as_of.known_on
        and order_products_as_of.known_on < known_to
        and ordered_on <= order_products_as_of.as_of_date
$$;

-- grain: one row per return and product it is of
create function core.return_products_as_of(as_of_date date, known_on date)
returns table (
    user_id text,
    order_id text,
    return_id text,
    product_id text,
    return_reason text,
    returned_on date,
    is_on_paid_order boolean,
    amount numeric
)
language sql stable parallel safe
as $$
    select
        user_id,
        nullif(order_id, '') as order_id,
        return_id,
        product_id,
        return_reason,
        returned_on,
        is_on_paid_order,
        amount
    from core.return_products
    where
        known_from <= return_products_as_of.known_on
        and return_products_as_of.known_on < known_to
        and returned_on <= return_products_as_of.as_of_date
$$;

-- grain: one row per event of the days from first_on to as_of_date
-- An event is never told before it happened, so the partitions of days before first_on are passed over.
create function core.events_as_of(first_on date, as_of_date date, known_on date, time_zone text)
returns table (
    user_id text,
    product_id text,
    category text,
    session_id text,
    event_type text,
    viewed_at timestamptz,
    on_day date
)
language sql stable parallel safe
as $$
    select
        user_id,
        product_id,
        category,
        session_id,
        event_type,
        viewed_at,
        (viewed_at at time zone events_as_of.time_zone)::date as on_day
    from core.product_views
    where
        known_from >= events_as_of.first_on
        and known_from <= events_as_of.known_on
        and events_as_of.known_on < known_to
        and viewed_at >= events_as_of.first_on::timestamp at time zone events_as_of.time_zone
        and viewed_at < (events_as_of.as_of_date + 1)::timestamp at time zone events_as_of.time_zone
$$;

-- grain: one row per calendar month and customer who bought or returned in it
create function core.user_months_as_of(as_of_date date, known_on date)
returns table (
    month date,
    user_id text,
    paid_orders bigint,
    gross_revenue numeric,
    returns bigint,
    returns_amount numeric
)
language sql stable parallel safe
as $$
    select
        month,
        user_id,
        paid_orders,
        gross_revenue,
        returns,
        returns_amount
    from core.user_months
    where
        -- nothing is known before it happens: what is known by as_of_date has happened by then
        user_months_as_of.known_on <= user_months_as_of.as_of_date
        and known_from <= user_months_as_of.known_on
        and user_months_as_of.known_on < known_to
    union all
    select
        date_trunc('month', on_day)::date as month,
        user_id,
        sum(paid_orders)::bigint as paid_orders,
        sum(gross_revenue) as gross_revenue,
        sum(returns)::bigint as returns,
        sum(returns_amount) as returns_amount
    from core.user_days
    where
        user_months_as_of.known_on > user_months_as_of.as_of_date
        and known_from <= user_months_as_of.known_on
        and user_months_as_of.known_on < known_to
        and on_day <= user_months_as_of.as_of_date
        and (paid_orders > 0 or returns > 0)
    group by date_trunc('month', on_day)::date, user_id
$$;

-- grain: one row per calendar month and product ordered and paid in it
create function core.product_months_as_of(as_of_date date, known_on date)
returns table (
    month date,
    product_id text,
    paid_orders bigint,
    returned_orders bigint,
    units numeric,
    gross_revenue numeric
)
language sql stable parallel safe
as $$
    select
        month,
        product_id,
        paid_orders,
        returned_orders,
        units,
        gross_revenue
    from core.product_months
    where
        product_months_as_of.known_on <= product_months_as_of.as_of_date
        and known_from <= product_months_as_of.known_on
        and product_months_as_of.known_on < known_to
    union all
    select
        date_trunc('month', products.ordered_on)::date as month,
        products.product_id,
        count(*) as paid_orders,
        count(*) filter (
            where exists (
                -- not is_returned, which counts a product as returned also if that was to happen after as_of_date
                select from core.return_facts as returns
                where
                    returns.order_id = products.order_id
                    and coalesce(returns.product_id, products.product_id) = products.product_id
                    and returns.known_from <= product_months_as_of.known_on
                    and product_months_as_of.known_on < returns.known_to
                    and returns.returned_on <= product_months_as_of.as_of_date
            )
        ) as returned_orders,
        sum(products.units) as units,
        sum(products.amount) as gross_revenue
    from core.order_products as products
    where
        product_months_as_of.known_on > product_months_as_of.as_of_date
        and products.is_paid
        and products.known_from <= product_months_as_of.known_on
        and product_months_as_of.known_on < products.known_to
        and products.ordered_on <= product_months_as_of.as_of_date
    group by date_trunc('month', products.ordered_on)::date, products.product_id
$$;

-- grain: one row per calendar month, product returned in it and reason
create function core.return_months_as_of(as_of_date date, known_on date)
returns table (
    month date,
    product_id text,
    return_reason text,
    returns bigint,
    returns_amount numeric
)
language sql stable parallel safe
as $$
    select
        month,
        product_id,
        return_reason,
        returns,
        returns_amount
    from core.return_months
    where
        return_months_as_of.known_on <= return_months_as_of.as_of_date
        and known_from <= return_months_as_of.known_on
        and return_months_as_of.known_on < known_to
    union all
    select
        date_trunc('month', returned_on)::date as month,
        product_id,
        return_reason,
        count(*) as returns,
        sum(amount) as returns_amount
    from core.return_products
    where
        return_months_as_of.known_on > return_months_as_of.as_of_date
        and known_from <= return_months_as_of.known_on
        and return_months_as_of.known_on < known_to
        and returned_on <= return_months_as_of.as_of_date
    group by date_trunc('month', returned_on)::date, product_id, return_reason
$$;
