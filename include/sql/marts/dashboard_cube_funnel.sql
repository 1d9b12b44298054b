-- marts.dashboard_cube_funnel: how far customers who looked got, by what a dashboard filters them by
-- grain    one row per as_of_date, persona, age_group, gender, category and step; category also '(all)'
-- reads    core.events_as_of, core.order_facts and core.order_products by day of order, core.return_facts,
--          core.products_as_of, marts.customer_profile, marts.personas
-- rerun    replaces its own as_of_date and touches no other day
-- window   customers whose first view in 28 days lies so far back that their conversion days (conversion_days in
--          source.yaml) have passed: who came later may still buy, and is left out
-- users    took every recorded step before it, in order (a closed funnel); users_by_any_path took the step after the
--          view, whatever they did in between (an open one): of step paid that is the conversion
-- absent   carts and checkouts of a shop that recorded none in the window; views and all if it lacks product_views
-- adds up  over personas, age groups and genders. Not over categories: customers of two count in both, and once in '(all)'
-- surprise persona and age group are the customer's on as_of_date. Whoever got to no step later has a row of 0

with

products as (
    select
        product_id,
        category
    from core.products_as_of(%(known_on)s::date)
),

people as (
    select * from %(people)s
),

events as (
    select
        events.user_id,
        coalesce(events.category, products.category, '(not told)') as category,
        events.event_type,
        events.viewed_at as happened_at
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
        min(happened_at) as happened_at
    from events
    where
        event_type = 'view'
        and happened_at < (%(as_of_date)s::date - %(conversion_days)s::integer + 1)::timestamp at time zone %(time_zone)s
    group by user_id, category
),

entrants as (
    select
        user_id,
        category,
        happened_at,
        (
            (happened_at at time zone %(time_zone)s)::date + %(conversion_days)s::integer + 1
        )::timestamp at time zone %(time_zone)s as until
    from (
        select * from first_views
        union all
        select
            user_id,
            '(all)' as category,
            min(happened_at) as happened_at
        from first_views
        group by user_id
    ) as entered
),

-- carts and checkouts nobody records are no steps: who looked has as good as taken them
recorded as (
    select
        coalesce(bool_or(event_type = 'add_to_cart'), false) as has_carts,
        coalesce(bool_or(event_type = 'checkout'), false) as has_checkouts
    from events
),

-- what entrants did in their conversion days
clicks as (
    select
        user_id,
        category,
        later.event_type,
        later.happened_at
    from entrants
    inner join (
        select
            events.user_id,
            slices.category,
            events.event_type,
            events.happened_at
        from events
        cross join lateral (values ('(all)'), (events.category)) as slices (category)
        where events.event_type <> 'view'
    ) as later using (user_id, category)
    where later.happened_at >= entrants.happened_at and later.happened_at < entrants.until
),

returned as (
    select distinct
        user_id,
        order_id
    from core.returns_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where order_id is not null
),

orders as (
    select
        user_id,
        order_id,
        -- an order says its day but often no time: it comes after what happened that day
        (ordered_on + 1)::timestamp at time zone %(time_zone)s - interval '1 microsecond' as happened_at,
        is_paid,
        is_paid and returned.order_id is null as is_kept
    from core.orders_as_of(%(as_of_date)s::date, %(known_on)s::date)
    left join returned using (user_id, order_id)
    where ordered_on >= %(as_of_date)s::date - %(conversion_days)s::integer - 27
),

order_categories as (
    select distinct
        bought.user_id,
        bought.order_id,
        coalesce(products.category, '(not told)') as category
    from core.order_products_as_of(%(as_of_date)s::date, %(known_on)s::date) as bought
    left join products using (product_id)
    where bought.ordered_on >= %(as_of_date)s::date - %(conversion_days)s::integer - 27
),

purchases as (
    select
        user_id,
        category,
        later.happened_at,
        later.is_paid,
        later.is_kept
    from entrants
    inner join (
        select
            orders.*,
            '(all)' as category
        from orders
        union all
        select
            orders.*,
            order_categories.category
        from orders
        inner join order_categories using (user_id, order_id)
    ) as later using (user_id, category)
    where later.happened_at >= entrants.happened_at and later.happened_at < entrants.until
),

carts as (
    select
        user_id,
        category,
        min(happened_at) as happened_at
    from clicks
    where event_type = 'add_to_cart'
    group by user_id, category
),

checkouts as (
    select
        user_id,
        category,
        bool_or(is_in_order) as is_in_order,
        min(happened_at) filter (where is_in_order) as happened_at
    from (
        select
            user_id,
            category,
            clicks.happened_at,
            not recorded.has_carts or coalesce(clicks.happened_at >= carts.happened_at, false) as is_in_order
        from clicks
        left join carts using (user_id, category)
        cross join recorded
        where clicks.event_type = 'checkout'
    ) as ordered
    group by user_id, category
),

-- an order after the step before it is placed; one of those that is paid, or kept, is enough for the steps after it
bought as (
    select
        user_id,
        category,
        bool_or(is_in_order) as is_placed,
        bool_or(is_in_order and is_paid) as is_paid,
        bool_or(is_in_order and is_kept) as is_kept,
        bool_or(is_paid) as is_paid_by_any_path,
        bool_or(is_kept) as is_kept_by_any_path
    from (
        select
            user_id,
            category,
            purchases.is_paid,
            purchases.is_kept,
            case
                when recorded.has_checkouts then coalesce(purchases.happened_at >= checkouts.happened_at, false)
                when recorded.has_carts then coalesce(purchases.happened_at >= carts.happened_at, false)
                else true
            end as is_in_order
        from purchases
        left join carts using (user_id, category)
        left join checkouts using (user_id, category)
        cross join recorded
    ) as ordered
    group by user_id, category
),

counted as (
    select
        coalesce(min(people.persona), '(not told)') as persona,
        coalesce(min(people.age_group), 'unknown') as age_group,
        coalesce(min(people.gender), 'unknown') as gender,
        category,
        count(*) as views,
        count(carts.happened_at) as carts,
        count(checkouts.happened_at) as checkouts,
        count(checkouts.user_id) as checkouts_by_any_path,
        count(*) filter (where bought.is_placed) as placed,
        count(bought.user_id) as placed_by_any_path,
        count(*) filter (where bought.is_paid) as paid,
        count(*) filter (where bought.is_paid_by_any_path) as paid_by_any_path,
        count(*) filter (where bought.is_kept) as kept,
        count(*) filter (where bought.is_kept_by_any_path) as kept_by_any_path
    from entrants
    left join carts using (user_id, category)
    left join checkouts using (user_id, category)
    left join bought using (user_id, category)
    left join people using (user_id)
    group by category, people.cell
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        counted.persona,
        counted.age_group,
        counted.gender,
        counted.category,
        row_number() over so_far as step_no,
        names.step,
        names.users,
        names.users_by_any_path
    from counted
    cross join recorded
    cross join
        lateral (
            values
            (1, 'view', counted.views, counted.views, true),
            (2, 'add_to_cart', counted.carts, counted.carts, recorded.has_carts),
            (3, 'checkout', counted.checkouts, counted.checkouts_by_any_path, recorded.has_checkouts),
            (4, 'placed', counted.placed, counted.placed_by_any_path, true),
            (5, 'paid', counted.paid, counted.paid_by_any_path, true),
            (6, 'kept', counted.kept, counted.kept_by_any_path, true)
        ) as names (place, step, users, users_by_any_path, is_recorded)
    where names.is_recorded
    window
        so_far as (
            partition by counted.persona, counted.age_group, counted.gender, counted.category
            order by names.place
        )
)

select * from final;
