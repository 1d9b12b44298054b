-- staging.users: which rows of a users file cannot be used, and why
-- grain    one row per row of the file that cannot; the first reason found is the one kept
-- reads    staged (the file's typed rows, a partition of staging.users to be)
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
            when btrim(user_id) = '' is not false then 'missing_user_id: user_id is empty'
            when char_length(user_id) > %(longest_key)s
                then 'impossible_user_id: user_id has over %(longest_key)s characters'
            when signup_date not between '1900-01-01' and %(day)s::date
                then format('impossible_signup_date: signup_date %%s is not between 1900 and the day of the file', signup_date)
            when age not between 0 and 130 then format('impossible_age: age %%s is not between 0 and 130', age)
        end as verdict
    from %(staged)s
) as judged
where verdict is not null;
