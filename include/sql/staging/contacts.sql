-- staging.contacts: which rows of a contacts file cannot be used, and why
-- grain    one row per row of the file that cannot; the first reason found is the one kept
-- reads    staged (the file's typed rows, a partition of staging.contacts to be)
-- leaves   rejected; a verdict is rule and reason, with a colon between
-- why      cheap tests first: of ten million rows, hardly any needs the dear one

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
            when user_id is null or ((user_id = '' or starts_with(user_id, ' ')) and btrim(user_id) = '')
                then 'missing_user_id: user_id is empty'
            when sent_at is null then 'missing_sent_at: sent_at is empty'
            when octet_length(user_id) > %(longest_key)s and char_length(user_id) > %(longest_key)s
                then 'impossible_user_id: user_id has over %(longest_key)s characters'
            when
                sent_at < '1900-01-01'::timestamp at time zone %(time_zone)s
                or sent_at >= (%(day)s::date + 1)::timestamp at time zone %(time_zone)s
                then format('impossible_sent_at: sent_at %%s is not between 1900 and the day of the file', sent_at)
        end as verdict
    from %(staged)s
) as judged
where verdict is not null;
