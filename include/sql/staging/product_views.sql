-- staging.product_views: which rows of a product_views file cannot be used, and why
-- grain    one row per reason and row of the file; the first reason given is the one kept
-- reads    incoming (the file's typed rows)

insert into rejected (row_no, rule, reason)
select
    row_no,
    'impossible_timestamp' as rule,
    format('timestamp %%s is not between 1900 and the day of the file', "timestamp") as reason
from incoming
where ("timestamp" at time zone %(time_zone)s)::date not between '1900-01-01' and %(source_day)s;

insert into rejected (row_no, rule, reason)
select
    row_no,
    'impossible_event_type' as rule,
    format('event_type %%s is none of %%s', event_type, array_to_string(%(event_types)s::text[], ', ')) as reason
from incoming
where event_type <> all(%(event_types)s::text[]);

insert into rejected (row_no, rule, reason)
select
    row_no,
    'duplicate_key' as rule,
    'the same event stands in this file already' as reason
from (
    select
        row_no,
        row_number() over (
            partition by user_id, "timestamp", product_id, coalesce(event_type, 'view'), coalesce(session_id, '')
            order by row_no
        ) as place
    from incoming
    where row_no not in (select rejected.row_no from rejected)
) as numbered
where place > 1;
