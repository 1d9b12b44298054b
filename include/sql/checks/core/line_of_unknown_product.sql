-- warn: A line of the day names a product no products file has told of.
-- grain    one row per finding, named by day and key

select
    items.known_from as as_of_date,
    items.order_id || ' line ' || items.line_no as key
from core.order_items as items
where
    items.known_from between %(first_day)s::date and %(as_of_date)s::date
    and not exists (
        select from core.products as products
        where products.product_id = items.product_id and products.known_from <= items.known_from
    )
