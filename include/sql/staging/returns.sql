-- staging.returns: which rows of a returns file cannot be used, and why
-- grain    one row per reason and row of the file; the first reason given is the one kept
-- reads    incoming (the file's typed rows)

insert into rejected (row_no, rule, reason)
select
    row_no,
    'missing_user_id' as rule,
    'order_id and user_id are empty: nobody can say whose return it is' as reason
from incoming
where order_id is null and user_id is null;

insert into rejected (row_no, rule, reason)
select
    row_no,
    'missing_amount' as rule,
    'order_id and amount are empty: nobody can say what the return is worth' as reason
from incoming
where order_id is null and amount is null;

insert into rejected (row_no, rule, reason)
select
    row_no,
    'impossible_amount' as rule,
    format('amount %%s is negative or not a number', amount) as reason
from incoming
where not (amount >= 0 and amount < 'infinity');

insert into rejected (row_no, rule, reason)
select
    row_no,
    'impossible_returned_at' as rule,
    format('returned_at %%s is not between 1900 and the day of the file', returned_at) as reason
from incoming
where (returned_at at time zone %(time_zone)s)::date not between '1900-01-01' and %(source_day)s;
