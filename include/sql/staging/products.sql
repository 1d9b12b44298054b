-- staging.products: which rows of a products file cannot be used, and why
-- grain    one row per reason and row of the file; the first reason given is the one kept
-- reads    incoming (the file's typed rows)

insert into rejected (row_no, rule, reason)
select
    row_no,
    'impossible_price' as rule,
    format('price %%s is negative or not a number', price) as reason
from incoming
where not (price >= 0 and price < 'infinity');

insert into rejected (row_no, rule, reason)
select
    row_no,
    'impossible_rating' as rule,
    format('rating %%s is negative or not a number', rating) as reason
from incoming
where not (rating >= 0 and rating < 'infinity');

insert into rejected (row_no, rule, reason)
select
    row_no,
    'duplicate_key' as rule,
    format('product_id %%s stands in this file already', product_id) as reason
from (
    select
        row_no,
        product_id,
        row_number() over (partition by product_id order by row_no) as place
    from incoming
    where row_no not in (select rejected.row_no from rejected)
) as numbered
where place > 1;
