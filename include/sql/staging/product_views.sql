-- staging.product_views: which rows of a product_views file cannot be used, and why
-- grain    one row per row of the file that cannot; the first reason found is the one kept
-- reads    staged (the file's typed rows, a partition of staging.product_views to be)
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
            when product_id is null or ((product_id = '' or starts_with(product_id, ' ')) and btrim(product_id) = '')
                then 'missing_product_id: product_id is empty'
            when viewed_at is null then 'missing_timestamp: timestamp is empty'
            when octet_length(user_id) > %(longest_key)s and char_length(user_id) > %(longest_key)s
                then 'impossible_user_id: user_id has over %(longest_key)s characters'
            when octet_length(product_id) > %(longest_key)s and char_length(product_id) > %(longest_key)s
                then 'impossible_product_id: product_id has over %(longest_key)s characters'
            when octet_length(session_id) > %(longest_key)s and char_length(session_id) > %(longest_key)s
                then 'impossible_session_id: session_id has over %(longest_key)s characters'
            when
                viewed_at < '1900-01-01'::timestamp at time zone %(time_zone)s
                or viewed_at >= (%(day)s::date + 1)::timestamp at time zone %(time_zone)s
                then format('impossible_timestamp: timestamp %%s is not between 1900 and the day of the file', viewed_at)
            when event_type <> all(%(event_types)s::text[]) and event_type <> ''
                then format(
                    'impossible_event_type: event_type %%s is none of %%s',
                    event_type, array_to_string(%(event_types)s::text[], ', ')
                )
            when event_type = '' then 'view'
        end as verdict
    from %(staged)s
) as judged
where verdict is not null;

-- an event that does not say what it is, is a view
update %(staged)s
set event_type = 'view'
where ctid = any(array(select row_id from rejected where verdict = 'view'));

delete from rejected
where verdict = 'view';
