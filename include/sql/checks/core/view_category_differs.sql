-- warn: A view of the day names another category than the product has.
-- grain    one row per finding, named by key

select views.product_id as key
from core.product_views as views
inner join core.products as products
    on
        views.product_id = products.product_id
        and products.known_from <= %(as_of_date)s::date
        and %(as_of_date)s::date < products.known_to
where views.known_from = %(as_of_date)s::date and views.category <> products.category
