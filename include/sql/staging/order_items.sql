-- staging.order_items: which rows of an order_items file cannot be used, and why
-- grain    one row per reason and row of the file; the first reason given is the one kept
-- reads    incoming (the file's typed rows)

-- only where the shop's lines name the customer: a line without one belongs to nobody
insert into rejected (row_no, rule, reason)
select
    row_no,
    'missing_user_id' as rule,
    'user_id is empty' as reason
from incoming
where 'user_id' = any(%(header)s) and user_id is null;

insert into rejected (row_no, rule, reason)
select
    row_no,
    'missing_unit_price' as rule,
    'unit_price is 0: this shop has no free items, so nobody recorded the price' as reason
from incoming
where %(zero_price)s = 'quarantine' and unit_price = 0;

insert into rejected (row_no, rule, reason)
select
    row_no,
    'impossible_unit_price' as rule,
    format('unit_price %%s is negative or not a number', unit_price) as reason
from incoming
where not (unit_price >= 0 and unit_price < 'infinity');

insert into rejected (row_no, rule, reason)
select
    row_no,
    'impossible_quantity' as rule,
    format('quantity %%s is not above 0', quantity) as reason
from incoming
where not (quantity > 0 and quantity < 'infinity');

insert into rejected (row_no, rule, reason)
select
    row_no,
    'duplicate_key' as rule,
    format('line_no %%s of order_id %%s stands in this file already', line_no, order_id) as reason
from (
    select
        row_no,
        order_id,
        line_no,
        row_number() over (partition by order_id, line_no order by row_no) as place
    from incoming
    where row_no not in (select rejected.row_no from rejected)
) as numbered
where place > 1;
