-- staging.products: which rows of a products file cannot be used, and why
-- grain    one row per row of the file that cannot; the first reason found is the one kept
-- reads    staged (the file's typed rows, a partition of staging.products to be)
-- leaves   rejected; a verdict is rule and reason, with a colon between

create temporary table rejected on commit drop as
select
    row_no,
    row_id,
    verdict
from (
    select
        row_no,
        ctid as row_id,
        case
            when btrim(product_id) = '' is not false then 'missing_product_id: product_id is empty'
            when char_length(product_id) > %(longest_key)s
                then 'impossible_product_id: product_id has over %(longest_key)s characters'
            when not (price >= 0 and price < 'infinity')
                then format('impossible_price: price %%s is negative or not a number', price)
            when not (rating >= 0 and rating < 'infinity')
                then format('impossible_rating: rating %%s is negative or not a number', rating)
        end as verdict
    from %(staged)s
) as judged
where verdict is not null;
