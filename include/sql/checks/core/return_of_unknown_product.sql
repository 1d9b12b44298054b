-- warn: A return of the day names a product no products file has told of.
-- grain    one row per finding, named by day and key

select
    returns.known_from as as_of_date,
    returns.product_id as key
from core.returns as returns
where
    returns.known_from between %(first_day)s::date and %(as_of_date)s::date
    and returns.product_id is not null
    and not exists (
        select from core.products as products
        where products.product_id = returns.product_id and products.known_from <= returns.known_from
    )
