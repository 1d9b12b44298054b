-- warn: Views of the day name another category than the product has.
-- grain    one row per day, product and category, with how many views name them
-- reads    every view of the day once; only those that differ are counted

select
    views.known_from as as_of_date,
    views.product_id || ' as ' || views.category as key,
    count(*) as row_count
from core.product_views as views
inner join core.products as products
    on
        views.product_id = products.product_id
        and views.known_from >= products.known_from
        and views.known_from < products.known_to
where
    views.known_from between %(first_day)s::date and %(as_of_date)s::date
    and views.category <> products.category
group by views.known_from, views.product_id, views.category
