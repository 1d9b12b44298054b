-- warn: Views of the day name a product no products file has told of.
-- grain    one row per product, with how many rows name it

with

viewed as (
    select
        product_id,
        count(*) as row_count
    from core.product_views
    where known_from = %(as_of_date)s::date
    group by product_id
)

select
    viewed.product_id as key,
    viewed.row_count
from viewed
where
    not exists (
        select from core.products as products
        where products.product_id = viewed.product_id and products.known_from <= %(as_of_date)s::date
    )
