-- staging.orders: which rows of an orders file cannot be used, and why
-- grain    one row per reason and row of the file; the first reason given is the one kept
-- reads    incoming (the file's typed rows)

insert into rejected (row_no, rule, reason)
select
    row_no,
    'impossible_order_date' as rule,
    format('order_date %%s is not between 1900 and the day of the file', order_date) as reason
from incoming
where (order_date at time zone %(time_zone)s)::date not between '1900-01-01' and %(source_day)s;

insert into rejected (row_no, rule, reason)
select
    row_no,
    'impossible_payment_status' as rule,
    format('payment_status %%s is none of %%s', payment_status, array_to_string(%(payment_statuses)s::text[], ', ')) as reason
from incoming
where initcap(payment_status) <> all(%(payment_statuses)s::text[]);

-- the simple form: an order is its one line
insert into rejected (row_no, rule, reason)
select
    row_no,
    'missing_product_id' as rule,
    'product_id is empty' as reason
from incoming
where %(is_simple_form)s and product_id is null;

insert into rejected (row_no, rule, reason)
select
    row_no,
    'missing_amount' as rule,
    'amount is empty' as reason
from incoming
where %(is_simple_form)s and amount is null;

insert into rejected (row_no, rule, reason)
select
    row_no,
    'impossible_amount' as rule,
    format('amount %%s is negative or not a number', amount) as reason
from incoming
where %(is_simple_form)s and not (amount >= 0 and amount < 'infinity');

insert into rejected (row_no, rule, reason)
select
    row_no,
    'duplicate_key' as rule,
    format('order_id %%s stands in this file already', order_id) as reason
from (
    select
        row_no,
        order_id,
        row_number() over (partition by order_id order by row_no) as place
    from incoming
    where row_no not in (select rejected.row_no from rejected)
) as numbered
where place > 1;
