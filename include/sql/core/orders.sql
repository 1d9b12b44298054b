-- core.orders: order headers, as each delivery told them
-- grain    one row per order and delivery
-- reads    staging.orders and staging.order_items, for the days in staging.batches from first_day to last_day
-- rerun    replaces what these days delivered and closes the versions of the orders they touched
-- leaves   touched_orders (until the transaction ends): every order these days say or said something about

create temporary table touched_orders on commit drop as
select order_id from core.orders
where
    known_from in (
        select source_day from staging.batches
        where source_day between %(first_day)s and %(last_day)s
    )
union
select order_id from staging.orders
where source_day between %(first_day)s and %(last_day)s
union
select order_id from core.order_items
where
    delivered_on in (
        select source_day from staging.batches
        where source_day between %(first_day)s and %(last_day)s
    )
union
select order_id from staging.order_items
where source_day between %(first_day)s and %(last_day)s;

analyze touched_orders;

delete from core.orders
where known_from in (
    select source_day from staging.batches
    where source_day between %(first_day)s and %(last_day)s
);

insert into core.orders (
    user_id,
    order_id,
    known_from,
    known_to,
    ordered_at,
    ordered_on,
    payment_status
)
select
    user_id,
    order_id,
    source_day as known_from,
    'infinity'::date as known_to,
    order_date as ordered_at,
    (order_date at time zone %(time_zone)s)::date as ordered_on,
    initcap(payment_status) as payment_status
from staging.orders
where source_day between %(first_day)s and %(last_day)s;

update core.orders as versions
set known_to = chain.known_to
from (
    select
        order_id,
        known_from,
        coalesce(
            lead(known_from) over (partition by order_id order by known_from), 'infinity'::date
        ) as known_to
    from core.orders
    inner join touched_orders using (order_id)
) as chain
where
    versions.order_id = chain.order_id
    and versions.known_from = chain.known_from
    and versions.known_to <> chain.known_to;

analyze core.orders;
