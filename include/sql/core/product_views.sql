-- core.product_views: what customers looked at, put into the cart and took to the checkout
-- grain    one row per event and delivery
-- reads    staging.product_views, for the days in staging.batches from first_day to last_day
-- rerun    replaces what these days delivered and closes the versions of the keys they touched

create temporary table touched_product_views on commit drop as
select
    user_id,
    viewed_at,
    product_id,
    event_type,
    session_id
from core.product_views
where
    known_from in (
        select source_day from staging.batches
        where source_day between %(first_day)s and %(last_day)s
    )
union
select
    user_id,
    "timestamp" as viewed_at,
    product_id,
    coalesce(event_type, 'view') as event_type,
    coalesce(session_id, '') as session_id
from staging.product_views
where source_day between %(first_day)s and %(last_day)s;

analyze touched_product_views;

delete from core.product_views
where known_from in (
    select source_day from staging.batches
    where source_day between %(first_day)s and %(last_day)s
);

insert into core.product_views (
    user_id,
    viewed_at,
    product_id,
    event_type,
    session_id,
    known_from,
    known_to,
    viewed_on,
    category
)
select
    user_id,
    "timestamp" as viewed_at,
    product_id,
    coalesce(event_type, 'view') as event_type,
    coalesce(session_id, '') as session_id,
    source_day as known_from,
    'infinity'::date as known_to,
    ("timestamp" at time zone %(time_zone)s)::date as viewed_on,
    category
from staging.product_views
where source_day between %(first_day)s and %(last_day)s;

update core.product_views as versions
set known_to = chain.known_to
from (
    select
        user_id,
        viewed_at,
        product_id,
        event_type,
        session_id,
        known_from,
        coalesce(
            lead(known_from) over (partition by user_id, viewed_at, product_id, event_type, session_id order by known_from),
            'infinity'::date
        ) as known_to
    from core.product_views
    inner join touched_product_views using (user_id, viewed_at, product_id, event_type, session_id)
) as chain
where
    versions.user_id = chain.user_id
    and versions.viewed_at = chain.viewed_at
    and versions.product_id = chain.product_id
    and versions.event_type = chain.event_type
    and versions.session_id = chain.session_id
    and versions.known_from = chain.known_from
    and versions.known_to <> chain.known_to;
