-- marts.funnel: how far customers who looked got, from the first view to an order they kept
-- grain    one row per as_of_date, persona, category and step; persona and category also '(all)'
-- reads    marts.dashboard_cube_funnel, which says who is counted, and when
-- rerun    replaces its own as_of_date and touches no other day
-- users    took every recorded step before it, in order (a closed funnel); users_by_any_path took the step after the
--          view, whatever they did in between (an open one): of step paid that is the conversion
-- absent   carts and checkouts of a shop that recorded none in the window; views and all if it lacks product_views
-- surprise a persona is the customer's on as_of_date. Customers of two categories count in both, and once in '(all)'.

with

steps as (
    select
        slices.persona,
        counted.category,
        counted.step_no,
        counted.step,
        sum(counted.users) as users,
        sum(counted.users_by_any_path) as users_by_any_path
    from marts.dashboard_cube_funnel as counted
    cross join lateral (values ('(all)'), (counted.persona)) as slices (persona)
    where counted.as_of_date = %(as_of_date)s::date
    group by slices.persona, counted.category, counted.step_no, counted.step
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
    from steps
    window so_far as (partition by persona, category order by step_no)
)

select * from final;
