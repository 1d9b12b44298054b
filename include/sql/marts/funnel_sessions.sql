-- marts.funnel_sessions: how far visits got, of shops whose events name their session
-- grain    one row per as_of_date, persona, category and step; persona and category also '(all)'
-- reads    core.events_as_of, core.products_as_of, marts.personas
-- rerun    replaces its own as_of_date and touches no other day
-- window   sessions of the last 28 days; a step counts after the step before it in the same session
-- absent   everything where no event names a session, carts and checkouts where none is recorded; orders, which name none
-- surprise a session of two categories counts in both, and once in '(all)'

with

products as (
    select
        product_id,
        category
    from core.products_as_of(%(known_on)s::date)
),

personas as (
    select
        user_id,
        persona
    from marts.personas
    where as_of_date = %(as_of_date)s::date
),

events as (
    select
        events.user_id,
        events.session_id,
        coalesce(events.category, products.category, '(not told)') as category,
        events.event_type,
        events.viewed_at as happened_at
    from
        core.events_as_of(
            %(as_of_date)s::date - 27, %(as_of_date)s::date, %(known_on)s::date, %(time_zone)s
        ) as events
    left join products using (product_id)
    where events.session_id <> ''
),

-- carts and checkouts nobody records are no steps: who looked has as good as taken them
recorded as (
    select
        coalesce(bool_or(event_type = 'add_to_cart'), false) as has_carts,
        coalesce(bool_or(event_type = 'checkout'), false) as has_checkouts
    from events
),

first_views as (
    select
        user_id,
        session_id,
        category,
        min(happened_at) as happened_at
    from events
    where event_type = 'view'
    group by user_id, session_id, category
),

entrants as (
    select * from first_views
    union all
    select
        user_id,
        session_id,
        '(all)' as category,
        min(happened_at) as happened_at
    from first_views
    group by user_id, session_id
),

clicks as (
    select
        entrants.user_id,
        entrants.session_id,
        entrants.category,
        later.event_type,
        later.happened_at
    from entrants
    inner join (
        select
            events.*,
            '(all)' as slice
        from events
        where events.event_type <> 'view'
        union all
        select
            events.*,
            events.category as slice
        from events
        where events.event_type <> 'view'
    ) as later
        on
            entrants.user_id = later.user_id
            and entrants.session_id = later.session_id
            and entrants.category = later.slice
    where later.happened_at >= entrants.happened_at
),

carts as (
    select
        user_id,
        session_id,
        category,
        min(happened_at) as happened_at
    from clicks
    where event_type = 'add_to_cart'
    group by user_id, session_id, category
),

checkouts as (
    select distinct
        user_id,
        session_id,
        category
    from clicks
    left join carts using (user_id, session_id, category)
    cross join recorded
    where
        clicks.event_type = 'checkout'
        and (not recorded.has_carts or clicks.happened_at >= carts.happened_at)
),

counted as (
    select
        coalesce(personas.persona, '(not told)') as persona,
        category,
        count(*) as views,
        count(carts.happened_at) as carts,
        count(checkouts.user_id) as checkouts
    from entrants
    left join carts using (user_id, session_id, category)
    left join checkouts using (user_id, session_id, category)
    left join personas using (user_id)
    group by coalesce(personas.persona, '(not told)'), category
),

steps as (
    select
        slices.persona,
        counted.category,
        names.place,
        names.step,
        sum(names.sessions) as sessions
    from counted
    cross join recorded
    cross join lateral (values ('(all)'), (counted.persona)) as slices (persona)
    cross join
        lateral
        (
            values
            (1, 'view', counted.views, true),
            (2, 'add_to_cart', counted.carts, recorded.has_carts),
            (3, 'checkout', counted.checkouts, recorded.has_checkouts)
        ) as names (place, step, sessions, is_recorded)
    where names.is_recorded
    group by slices.persona, counted.category, names.place, names.step
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        persona,
        category,
        row_number() over so_far as step_no,
        step,
        sessions,
        sessions::numeric / first_value(sessions) over so_far as share_of_first,
        sessions::numeric / nullif(lag(sessions) over so_far, 0) as share_of_previous
    from steps
    window so_far as (partition by persona, category order by place)
)

select * from final;
