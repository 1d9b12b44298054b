-- fail: The customers and products of the day's orders are not mostly strangers, where they were known before.
-- grain    one row per finding, named by key
-- strange  told of neither by an earlier day nor by the day's own users or products file. Ids that changed their form
--          (a lost leading zero, another system's keys) would make a second customer of each customer.
-- silent   below 20 ids, where over a tenth of those of the newest day before were strange, as in a shop that sells to
--          guests, and where that day is over three days back: who came in the days between is told by days not loaded

with

last_loaded as (
    select
        file,
        max(source_day) as source_day
    from ops.loads
    where
        source_day between %(as_of_date)s::date - 3 and %(as_of_date)s::date - 1
        and state = 'loaded'
        and row_count >= 20
        and file in ('orders', 'order_items')
    group by file
),

arrived as (
    select distinct user_id
    from staging.orders
    where known_from = %(as_of_date)s::date
),

known as (
    select users.user_id
    from core.users as users
    inner join arrived using (user_id)
    where users.known_from < %(as_of_date)s::date
    union
    select user_id from staging.users
    where known_from = %(as_of_date)s::date
),

-- not joined: PostgreSQL does not know how many they are, and would compare each with each
customers as (
    select not bool_or(is_known) as is_strange
    from (
        select
            user_id,
            false as is_known
        from arrived
        union all
        select
            user_id,
            true as is_known
        from known
    ) as arrived_and_known
    group by user_id
    having not bool_and(is_known)
),

products as (
    select
        items.product_id,
        not exists (
            select from core.products as products
            where products.product_id = items.product_id and products.known_from < %(as_of_date)s::date
        )
        and not exists (
            select from staging.products as products
            where products.known_from = %(as_of_date)s::date and products.product_id = items.product_id
        ) as is_strange
    from staging.order_items as items
    where items.known_from = %(as_of_date)s::date
    group by items.product_id
),

placed_before as (
    select distinct
        orders.user_id,
        orders.known_from
    from core.orders as orders
    inner join last_loaded on orders.known_from = last_loaded.source_day and last_loaded.file = 'orders'
    where orders.known_from between %(as_of_date)s::date - 3 and %(as_of_date)s::date - 1
),

known_before as (
    select
        users.user_id,
        users.known_from as told_on
    from core.users as users
    inner join (select distinct user_id from placed_before) as asked using (user_id)
),

customers_before as (
    select coalesce(told_on, 'infinity') > known_from as is_strange
    from (
        select
            known_from,
            min(told_on) over (partition by user_id) as told_on
        from (
            select
                *,
                null::date as told_on
            from placed_before
            union all
            select
                user_id,
                null as known_from,
                told_on
            from known_before
        ) as placed_and_told
    ) as customers
    where known_from is not null
),

products_before as (
    select
        items.product_id,
        not exists (
            select from core.products as products
            where products.product_id = items.product_id and products.known_from <= items.known_from
        ) as is_strange
    from core.order_items as items
    inner join last_loaded on items.known_from = last_loaded.source_day and last_loaded.file = 'order_items'
    group by items.product_id, items.known_from
)

select 'orders: ' || strange_ids || ' of ' || ids || ' values of user_id are unknown' as key
from (
    select
        count(*) as ids,
        count(*) filter (where is_strange) as strange_ids
    from customers
) as counted
where
    ids >= 20
    and strange_ids > 0.5 * ids
    -- looked up only when it matters
    and (select count(*) >= 20 and count(*) filter (where is_strange) <= 0.1 * count(*) from customers_before)
union all
select 'order_items: ' || strange_ids || ' of ' || ids || ' values of product_id are unknown' as key
from (
    select
        count(*) as ids,
        count(*) filter (where is_strange) as strange_ids
    from products
) as counted
where
    ids >= 20
    and strange_ids > 0.5 * ids
    and (select count(*) >= 20 and count(*) filter (where is_strange) <= 0.1 * count(*) from products_before)
