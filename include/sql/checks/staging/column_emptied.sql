-- warn: A column of a file is empty in most rows, though it was filled before.
-- grain    one row per finding, named by key
-- before   what the four weeks before brought; of views and contacts, which are many, the newest day before. Filled is
--          any value; of event_type: another than view, so that a step of the funnel that is no longer told is noticed
-- silent   unless at least 20 filled values were to be expected, under half of them came, and chance is out of the
--          question (five standard deviations of a binomial share)

with

last_loaded as (
    select
        file,
        max(source_day) as source_day
    from ops.loads
    where
        source_day between %(as_of_date)s::date - 28 and %(as_of_date)s::date - 1
        and state = 'loaded'
        and staged_count >= 20
    group by file
),

now as materialized (
    select
        'users' as file,
        count(*) as row_count,
        jsonb_build_object(
            'signup_date', count(signup_date), 'gender', count(gender), 'age', count(age), 'location', count(location)
        ) as filled
    from staging.users
    where known_from = %(as_of_date)s::date
    union all
    select
        'products' as file,
        count(*) as row_count,
        jsonb_build_object(
            'name', count(name), 'category', count(category), 'price', count(price), 'rating', count(rating)
        ) as filled
    from staging.products
    where known_from = %(as_of_date)s::date
    union all
    select
        'returns' as file,
        count(*) as row_count,
        jsonb_build_object(
            'product_id', count(product_id), 'user_id', count(user_id), 'return_reason', count(return_reason),
            'returned_at', count(returned_at), 'amount', count(amount)
        ) as filled
    from staging.returns
    where known_from = %(as_of_date)s::date
    union all
    select
        'product_views' as file,
        count(*) as row_count,
        jsonb_build_object(
            'category', count(nullif(category, '')), 'session_id', count(nullif(session_id, '')),
            'event_type', count(nullif(event_type, 'view'))
        ) as filled
    from staging.product_views
    where known_from = %(as_of_date)s::date
    union all
    select
        'contacts' as file,
        count(*) as row_count,
        jsonb_build_object(
            'campaign', count(nullif(campaign, '')), 'channel', count(nullif(channel, ''))
        ) as filled
    from staging.contacts
    where known_from = %(as_of_date)s::date
),

before as materialized (
    select
        'users' as file,
        count(*) as row_count,
        jsonb_build_object(
            'signup_date', count(signup_date), 'gender', count(gender), 'age', count(age), 'location', count(location)
        ) as filled
    from core.users
    where known_from between %(as_of_date)s::date - 28 and %(as_of_date)s::date - 1
    union all
    select
        'products' as file,
        count(*) as row_count,
        jsonb_build_object(
            'name', count(name), 'category', count(category), 'price', count(price), 'rating', count(rating)
        ) as filled
    from core.products
    where known_from between %(as_of_date)s::date - 28 and %(as_of_date)s::date - 1
    union all
    select
        'returns' as file,
        count(*) as row_count,
        jsonb_build_object(
            'product_id', count(product_id), 'user_id', count(named_user_id), 'return_reason', count(return_reason),
            'returned_at', count(dated_on), 'amount', count(amount)
        ) as filled
    from core.returns
    where known_from between %(as_of_date)s::date - 28 and %(as_of_date)s::date - 1
    union all
    select
        'product_views' as file,
        count(*) as row_count,
        jsonb_build_object(
            'category', count(nullif(category, '')), 'session_id', count(nullif(session_id, '')),
            'event_type', count(nullif(event_type, 'view'))
        ) as filled
    from core.product_views
    where known_from = (select source_day from last_loaded where file = 'product_views')
    union all
    select
        'contacts' as file,
        count(*) as row_count,
        jsonb_build_object(
            'campaign', count(nullif(campaign, '')), 'channel', count(nullif(channel, ''))
        ) as filled
    from core.contacts
    where known_from = (select source_day from last_loaded where file = 'contacts')
),

compared as (
    select
        now.file,
        columns.name,
        now.row_count,
        columns.filled::bigint as filled,
        (before.filled ->> columns.name)::numeric / before.row_count as share_before
    from now
    inner join before on now.file = before.file
    cross join jsonb_each_text(now.filled) as columns (name, filled)
    where before.row_count >= 20
)

select
    file || ': ' || name || ' is filled in ' || filled || ' of ' || row_count || ' rows, before in '
    || round(100 * share_before) || ' of 100' as key
from compared
where
    row_count * share_before >= 20
    and filled < 0.5 * row_count * share_before
    and (row_count * share_before - filled) ^ 2 > 25 * greatest(row_count * share_before * (1 - share_before), 1)
