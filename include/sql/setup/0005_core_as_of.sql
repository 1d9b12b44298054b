-- How core is read: the state of the shop up to a day, as it was known on a day.
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
    select
        user_id,
        order_id,
        ordered_on,
        payment_status,
        is_paid,
        gross_amount
    from core.order_facts
    where
        known_from <= orders_as_of.known_on
        and orders_as_of.known_on < known_to
        and ordered_on <= orders_as_of.as_of_date
$$;

-- grain: one row per return
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
    select
        user_id,
        return_id,
        nullif(order_id, '') as order_id,
        product_id,
        return_reason,
        returned_on,
        is_on_paid_order,
        amount
    from core.return_facts
    where
        known_from <= returns_as_of.known_on
        and returns_as_of.known_on < known_to
        and returned_on <= returns_as_of.as_of_date
$$;

-- grain: one row per customer of whom anything is known but a users row
-- The sums over all rows are the shop's. user_id is empty for returns whose customer nobody has told.
-- As known that night it is read off core.user_states; only a restated past is summed up from core.user_days.
create function core.customers_as_of(as_of_date date, known_on date)
returns table (
    user_id text,
    views bigint,
    add_to_carts bigint,
    checkouts bigint,
    contacts bigint,
    orders bigint,
    paid_orders bigint,
    returned_orders bigint,
    gross_revenue numeric,
    returns bigint,
    returns_amount numeric,
    net_revenue numeric,
    first_seen_on date,
    last_active_on date,
    first_order_on date,
    first_paid_on date,
    last_paid_on date
)
language sql stable parallel safe
as $$
    select
        user_id,
        views,
        add_to_carts,
        checkouts,
        contacts,
        orders,
        paid_orders,
        returned_orders,
        gross_revenue,
        returns,
        returns_amount,
        gross_revenue - returns_amount as net_revenue,
        first_seen_on,
        last_active_on,
        first_order_on,
        first_paid_on,
        last_paid_on
    from core.user_states
    where
        -- nothing is known before it happens: what is known by as_of_date has happened by then
        customers_as_of.known_on <= customers_as_of.as_of_date
        and known_from <= customers_as_of.known_on
        and customers_as_of.known_on < known_to
        -- a customer whose every fact was taken back is known for nothing
        and views + add_to_carts + checkouts + contacts + orders + returns > 0
    union all
    select
        days.user_id,
        sum(days.views)::bigint as views,
        sum(days.add_to_carts)::bigint as add_to_carts,
        sum(days.checkouts)::bigint as checkouts,
        sum(days.contacts)::bigint as contacts,
        sum(days.orders)::bigint as orders,
        sum(days.paid_orders)::bigint as paid_orders,
        (
            -- not from user_days, which count an order as returned also if that was to happen after as_of_date
            select count(distinct returns.order_id)
            from core.return_facts as returns
            where
                returns.user_id = days.user_id
                and returns.is_on_paid_order
                and returns.known_from <= customers_as_of.known_on
                and customers_as_of.known_on < returns.known_to
                and returns.returned_on <= customers_as_of.as_of_date
        ) as returned_orders,
        sum(days.gross_revenue) as gross_revenue,
        sum(days.returns)::bigint as returns,
        sum(days.returns_amount) as returns_amount,
        sum(days.gross_revenue) - sum(days.returns_amount) as net_revenue,
        min(days.on_day) as first_seen_on,
        max(days.on_day) filter (
            where days.views + days.add_to_carts + days.checkouts + days.orders > 0
        ) as last_active_on,
        min(days.on_day) filter (where days.orders > 0) as first_order_on,
        min(days.on_day) filter (where days.paid_orders > 0) as first_paid_on,
        max(days.on_day) filter (where days.paid_orders > 0) as last_paid_on
    from core.user_days as days
    where
        customers_as_of.known_on > customers_as_of.as_of_date
        and days.known_from <= customers_as_of.known_on
        and customers_as_of.known_on < days.known_to
        and days.on_day <= customers_as_of.as_of_date
    group by days.user_id
$$;

-- grain: one row per user, told or named by a fact; of one who was only named nothing else is known
create function core.users_as_of(known_on date)
returns table (
    user_id text,
    signup_date date,
    gender text,
    age integer,
    location text,
    is_placeholder boolean
)
language sql stable parallel safe
as $$
    select
        user_id,
        told.signup_date,
        told.gender,
        told.age,
        told.location,
        told.user_id is null as is_placeholder
    from (
        select * from core.users
        where known_from <= users_as_of.known_on and users_as_of.known_on < known_to
    ) as told
    full outer join (
        select user_id from core.user_states
        where
            known_from <= users_as_of.known_on
            and users_as_of.known_on < known_to
            and user_id <> ''
            and views + add_to_carts + checkouts + contacts + orders + returns > 0
    ) as named using (user_id)
$$;

-- grain: one row per product, told or named by a fact; of one that was only named nothing else is known
create function core.products_as_of(known_on date)
returns table (
    product_id text,
    name text,
    category text,
    price numeric,
    rating numeric,
    is_placeholder boolean
)
language sql stable parallel safe
as $$
    select
        product_id,
        told.name,
        told.category,
        told.price,
        told.rating,
        told.product_id is null as is_placeholder
    from (
        select * from core.products
        where known_from <= products_as_of.known_on and products_as_of.known_on < known_to
    ) as told
    full outer join (
        select distinct product_id from core.product_mentions
        where mentioned_on && daterange(null, products_as_of.known_on, '[]')
    ) as named using (product_id)
$$;
