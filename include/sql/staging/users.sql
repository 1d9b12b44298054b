-- staging.users: which rows of a users file cannot be used, and why
-- grain    one row per reason and row of the file; the first reason given is the one kept
-- reads    incoming (the file's typed rows)

insert into rejected (row_no, rule, reason)
select
    row_no,
    'impossible_signup_date' as rule,
    format('signup_date %%s is not between 1900 and the day of the file', signup_date) as reason
from incoming
where signup_date not between '1900-01-01' and %(source_day)s;

insert into rejected (row_no, rule, reason)
select
    row_no,
    'impossible_age' as rule,
    format('age %%s is not between 0 and 130', age) as reason
from incoming
where age not between 0 and 130;

insert into rejected (row_no, rule, reason)
select
    row_no,
    'duplicate_key' as rule,
    format('user_id %%s stands in this file already', user_id) as reason
from (
    select
        row_no,
        user_id,
        row_number() over (partition by user_id order by row_no) as place
    from incoming
    where row_no not in (select rejected.row_no from rejected)
) as numbered
where place > 1;
