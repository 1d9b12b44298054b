-- warn: A view of the day names a product no products file has told of.
-- grain    one row per finding, named by key

select views.product_id as key
from core.product_views as views
where
    views.known_from = %(as_of_date)s::date
    and not exists (
        select from core.products as products
        where products.product_id = views.product_id and products.known_from <= %(as_of_date)s::date
    )
