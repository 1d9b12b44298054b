-- warn: Views of the day name another category than the product has.
-- grain    one row per day, product and category, with how many views name them

with

viewed as (
    select
        known_from,
        product_id,
        category,
        count(*) as row_count
    from core.product_views
    where known_from between %(first_day)s::date and %(as_of_date)s::date and category is not null
    group by known_from, product_id, category
)

select
    viewed.known_from as as_of_date,
    viewed.product_id || ' as ' || viewed.category as key,
    viewed.row_count
from viewed
inner join core.products as products
    on
        viewed.product_id = products.product_id
        and viewed.known_from >= products.known_from
        and viewed.known_from < products.known_to
where viewed.category <> products.category
