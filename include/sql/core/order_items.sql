-- core.order_items: order lines, as the days to be merged tell them
-- grain    one row per order line and source day
-- reads    staging.order_items
-- leaves   arriving, for versions.sql

create temporary table arriving on commit drop as
select
    known_from,
    order_id,
    line_no,
    product_id,
    trim_scale(quantity) as quantity,
    trim_scale(unit_price) as unit_price
from staging.order_items
where known_from = any(%(days)s);
