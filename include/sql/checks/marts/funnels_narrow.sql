-- fail: No step of a funnel has more than the one before it, nor by any path more than the first; personas come to '(all)'.
-- grain    one row per finding, named by key: the mart, persona, category and step
-- paths    by any path, who pays need not have put anything into a cart; but what is kept was paid, and what is paid was
--          placed. Who took every step is among those who took the last

with

steps as (
    select
        'funnel' as mart,
        persona,
        category,
        step_no,
        step,
        users,
        users_by_any_path
    from marts.funnel
    where as_of_date = %(as_of_date)s::date
    union all
    select
        'funnel_sessions' as mart,
        persona,
        category,
        step_no,
        step,
        sessions as users,
        sessions as users_by_any_path
    from marts.funnel_sessions
    where as_of_date = %(as_of_date)s::date
),

compared as (
    select
        *,
        lag(users) over funnel as users_before,
        lag(users_by_any_path) over funnel as by_any_path_before,
        first_value(users) over funnel as users_of_first
    from steps
    window funnel as (partition by mart, persona, category order by step_no)
)

select concat_ws(' ', mart, persona, category, step) as key
from compared
where
    users > users_before
    or users > users_by_any_path
    or users_by_any_path > users_of_first
    or (step in ('paid', 'kept') and users_by_any_path > by_any_path_before)
union all
select concat_ws(' ', mart, '(all)', category, step) as key
from steps
group by mart, category, step
having
    sum(users) filter (where persona = '(all)') is distinct from sum(users) filter (where persona <> '(all)')
    or sum(users_by_any_path) filter (where persona = '(all)')
    is distinct from sum(users_by_any_path) filter (where persona <> '(all)')
