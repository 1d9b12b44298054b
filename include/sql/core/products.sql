-- core.products: the catalogue, as the days to be merged describe it
-- grain    one row per product and source day
-- reads    staging.products
-- leaves   arriving, for versions.sql
-- surprise 2.50 and 2.5 are one price: trim_scale writes them alike

create temporary table arriving on commit drop as
select
    known_from,
    product_id,
    name,
    category,
    trim_scale(price) as price,
    trim_scale(rating) as rating
from staging.products
where known_from = any(%(days)s);
