-- staging.contacts: which rows of a contacts file cannot be used, and why
-- grain    one row per reason and row of the file; the first reason given is the one kept
-- reads    incoming (the file's typed rows)

insert into rejected (row_no, rule, reason)
select
    row_no,
    'impossible_sent_at' as rule,
    format('sent_at %%s is not between 1900 and the day of the file', sent_at) as reason
from incoming
where (sent_at at time zone %(time_zone)s)::date not between '1900-01-01' and %(source_day)s;

insert into rejected (row_no, rule, reason)
select
    row_no,
    'duplicate_key' as rule,
    'the same touch stands in this file already' as reason
from (
    select
        row_no,
        row_number() over (
            partition by user_id, sent_at, coalesce(campaign, ''), coalesce(channel, '')
            order by row_no
        ) as place
    from incoming
    where row_no not in (select rejected.row_no from rejected)
) as numbered
where place > 1;
