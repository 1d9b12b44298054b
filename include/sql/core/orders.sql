-- core.orders: order headers, as the days to be merged tell them
-- grain    one row per order and source day
-- reads    staging.orders
-- leaves   arriving, for versions.sql

create temporary table arriving on commit drop as
select
    known_from,
    order_id,
    user_id,
    order_date as ordered_at,
    (order_date at time zone %(time_zone)s)::date as ordered_on,
    initcap(payment_status) as payment_status
from staging.orders
where known_from = any(%(days)s);
