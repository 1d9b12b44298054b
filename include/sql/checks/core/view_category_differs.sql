-- warn: Views of the day name another category than the product has.
-- grain    one row per product and category, with how many rows name them

with

viewed as (
    select
        product_id,
        category,
        count(*) as row_count
    from core.product_views
    where known_from = %(as_of_date)s::date and category is not null
    group by product_id, category
)

select
    viewed.product_id || ' as ' || viewed.category as key,
    viewed.row_count
from viewed
inner join core.products as products
    on
        viewed.product_id = products.product_id
        and products.known_from <= %(as_of_date)s::date
        and %(as_of_date)s::date < products.known_to
where viewed.category <> products.category
