-- core.returns: what came back, as the days to be merged tell it
-- grain    one row per return and source day
-- reads    staging.returns
-- leaves   arriving, for versions.sql
-- surprise a return has no id of its own: order, product, customer and time tell it from others, and its number among
--          equals in one file (two of a kind sent back are two returns); without order and time, also the source day

create temporary table arriving on commit drop as
select
    known_from,
    coalesce(order_id, '') as order_id,
    jsonb_build_array(
        product_id,
        user_id,
        to_char(returned_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
        case when order_id is null and returned_at is null then known_from end,
        row_number() over (
            partition by known_from, order_id, product_id, user_id, returned_at
            order by row_no
        )
    )::text as return_id,
    user_id as named_user_id,
    product_id,
    return_reason,
    (returned_at at time zone %(time_zone)s)::date as dated_on,
    trim_scale(amount) as amount
from staging.returns
where known_from = any(%(days)s);
