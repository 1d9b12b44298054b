-- marts.funnel: how far customers who looked got, from the first view to an order they kept
-- grain    one row per as_of_date, persona, category and step; persona and category also '(all)'
-- reads    core.events_as_of, core.order_facts and core.order_products by day of order, core.return_facts,
--          core.products_as_of, marts.personas
-- rerun    replaces its own as_of_date and touches no other day
-- window   customers whose first view in 28 days lies so far back that their conversion days (conversion_days in
--          source.yaml) have passed: who came later may still buy, and is left out
-- users    took every recorded step before it, in order (a closed funnel); users_by_any_path took the step after the
--          view, whatever they did in between (an open one): of step paid that is the conversion
-- absent   carts and checkouts of a shop that recorded none in the window; views and all if it lacks product_views
-- surprise a persona is the customer's on as_of_date. Customers of two categories count in both, and once in '(all)'.

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
        coalesce(events.category, products.category, '(not told)') as category,
        events.event_type,
        events.viewed_at as at
    from
        core.events_as_of(
            %(as_of_date)s::date - %(conversion_days)s::integer - 27, %(as_of_date)s::date, %(known_on)s::date, %(time_zone)s
        ) as events
    left join products using (product_id)
),

first_views as (
    select
        user_id,
        category,
        min(at) as at
    from events
    where
        event_type = 'view'
        and at < (%(as_of_date)s::date - %(conversion_days)s::integer + 1)::timestamp at time zone %(time_zone)s
    group by user_id, category
),

entrants as materialized (
    select
        user_id,
        category,
        at,
        (
            (at at time zone %(time_zone)s)::date + %(conversion_days)s::integer + 1
        )::timestamp at time zone %(time_zone)s as until
    from (
        select * from first_views
        union all
        select
            user_id,
            '(all)' as category,
            min(at) as at
        from first_views
        group by user_id
    ) as entered
),

returned as (
    select distinct order_id
    from core.returns_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where order_id is not null
),

orders as (
    select
        user_id,
        order_id,
        -- an order says its day but often no time: it comes after what happened that day
        (ordered_on + 1)::timestamp at time zone %(time_zone)s - interval '1 microsecond' as at,
        is_paid,
        is_paid and returned.order_id is null as is_kept
    from core.orders_as_of(%(as_of_date)s::date, %(known_on)s::date)
    left join returned using (order_id)
    where ordered_on >= %(as_of_date)s::date - %(conversion_days)s::integer - 27
),

order_categories as (
    select
        order_id,
        '(all)' as category
    from orders
    union
    select
        bought.order_id,
        coalesce(products.category, '(not told)') as category
    from core.order_products_as_of(%(as_of_date)s::date, %(known_on)s::date) as bought
    left join products using (product_id)
    where bought.ordered_on >= %(as_of_date)s::date - %(conversion_days)s::integer - 27
),

later_steps as materialized (
    select
        events.user_id,
        slices.category,
        events.event_type as step,
        events.at
    from events
    cross join lateral (values ('(all)'), (events.category)) as slices (category)
    where events.event_type <> 'view'
    union all
    select
        orders.user_id,
        order_categories.category,
        steps.step,
        orders.at
    from orders
    inner join order_categories using (order_id)
    cross join
        lateral (
            values ('placed', true), ('paid', orders.is_paid), ('kept', orders.is_kept)
        ) as steps (step, is_taken)
    where steps.is_taken
),

steps as (
    select
        step,
        row_number() over (order by place)::integer as step_no
    from (
        values (1, 'view'), (2, 'add_to_cart'), (3, 'checkout'), (4, 'placed'), (5, 'paid'), (6, 'kept')
    ) as names (place, step)
    -- carts and checkouts nobody records are no steps
    where place not in (2, 3) or step in (select later_steps.step from later_steps)
),

-- what entrants did in their conversion days
taken as materialized (
    select
        user_id,
        category,
        steps.step_no,
        later_steps.at
    from entrants
    inner join later_steps using (user_id, category)
    inner join steps using (step)
    where later_steps.at >= entrants.at and later_steps.at < entrants.until
),

step_2 as (
    select
        user_id,
        category,
        2 as step_no,
        min(at) as at
    from taken
    where step_no = 2
    group by user_id, category
),

step_3 as (
    select
        user_id,
        category,
        3 as step_no,
        min(taken.at) as at
    from step_2
    inner join taken using (user_id, category)
    where taken.step_no = 3 and taken.at >= step_2.at
    group by user_id, category
),

step_4 as (
    select
        user_id,
        category,
        4 as step_no,
        min(taken.at) as at
    from step_3
    inner join taken using (user_id, category)
    where taken.step_no = 4 and taken.at >= step_3.at
    group by user_id, category
),

step_5 as (
    select
        user_id,
        category,
        5 as step_no,
        min(taken.at) as at
    from step_4
    inner join taken using (user_id, category)
    where taken.step_no = 5 and taken.at >= step_4.at
    group by user_id, category
),

step_6 as (
    select
        user_id,
        category,
        6 as step_no,
        min(taken.at) as at
    from step_5
    inner join taken using (user_id, category)
    where taken.step_no = 6 and taken.at >= step_5.at
    group by user_id, category
),

reached as (
    select
        user_id,
        category,
        1 as step_no,
        at
    from entrants
    union all
    select * from step_2
    union all
    select * from step_3
    union all
    select * from step_4
    union all
    select * from step_5
    union all
    select * from step_6
),

reached_by_any_path as (
    select
        user_id,
        category,
        1 as step_no
    from entrants
    union all
    select distinct
        user_id,
        category,
        step_no
    from taken
),

counted as (
    select
        slices.persona,
        category,
        step_no,
        count(reached.user_id) as users,
        count(*) as users_by_any_path
    from reached_by_any_path
    left join reached using (user_id, category, step_no)
    left join personas using (user_id)
    cross join lateral (values ('(all)'), (coalesce(personas.persona, '(not told)'))) as slices (persona)
    group by slices.persona, category, step_no
),

-- a step nobody reached is a row of zero
filled as (
    select
        entered.persona,
        entered.category,
        steps.step_no,
        steps.step,
        coalesce(counted.users, 0) as users,
        coalesce(counted.users_by_any_path, 0) as users_by_any_path
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
        users,
        users::numeric / first_value(users) over so_far as share_of_first,
        users::numeric / nullif(lag(users) over so_far, 0) as share_of_previous,
        users_by_any_path,
        users_by_any_path::numeric / first_value(users) over so_far as share_by_any_path
    from filled
    window so_far as (partition by persona, category order by step_no)
)

select * from final;
