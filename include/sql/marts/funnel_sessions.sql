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

events as materialized (
    select
        events.user_id,
        events.session_id,
        slices.category,
        events.event_type as step,
        events.viewed_at as at
    from
        core.events_as_of(
            %(as_of_date)s::date - 27, %(as_of_date)s::date, %(known_on)s::date, %(time_zone)s
        ) as events
    left join products using (product_id)
    cross join
        lateral (
            values ('(all)'), (coalesce(events.category, products.category, '(not told)'))
        ) as slices (category)
    where events.session_id <> ''
),

steps as (
    select
        step,
        row_number() over (order by place)::integer as step_no
    from (
        values (1, 'view'), (2, 'add_to_cart'), (3, 'checkout')
    ) as names (place, step)
    where step in (select events.step from events)
),

happenings as materialized (
    select
        events.user_id,
        events.session_id,
        events.category,
        steps.step_no,
        events.at
    from events
    inner join steps using (step)
),

step_1 as (
    select
        user_id,
        session_id,
        category,
        min(at) as at
    from happenings
    where step_no = 1
    group by user_id, session_id, category
),

step_2 as (
    select
        user_id,
        session_id,
        category,
        min(happenings.at) as at
    from step_1
    inner join happenings using (user_id, session_id, category)
    where happenings.step_no = 2 and happenings.at >= step_1.at
    group by user_id, session_id, category
),

step_3 as (
    select
        user_id,
        session_id,
        category,
        min(happenings.at) as at
    from step_2
    inner join happenings using (user_id, session_id, category)
    where happenings.step_no = 3 and happenings.at >= step_2.at
    group by user_id, session_id, category
),

reached as (
    select
        *,
        1 as step_no
    from step_1
    union all
    select
        *,
        2 as step_no
    from step_2
    union all
    select
        *,
        3 as step_no
    from step_3
),

counted as (
    select
        slices.persona,
        reached.category,
        reached.step_no,
        count(*) as sessions
    from reached
    left join personas using (user_id)
    cross join lateral (values ('(all)'), (coalesce(personas.persona, '(not told)'))) as slices (persona)
    group by slices.persona, reached.category, reached.step_no
),

-- a step no session reached is a row of zero
filled as (
    select
        entered.persona,
        entered.category,
        steps.step_no,
        steps.step,
        coalesce(counted.sessions, 0) as sessions
    from counted as entered
    cross join steps
    left join counted
        on
            entered.persona = counted.persona
            and entered.category = counted.category
            and steps.step_no = counted.step_no
    where entered.step_no = 1
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        persona,
        category,
        step_no,
        step,
        sessions,
        sessions::numeric / first_value(sessions) over so_far as share_of_first,
        sessions::numeric / nullif(lag(sessions) over so_far, 0) as share_of_previous
    from filled
    window so_far as (partition by persona, category order by step_no)
)

select * from final;
