-- insights/funnel_loses_most: how many customers got to each step of the funnel
-- grain    one row per step
-- reads    marts.funnel

select
    step_no,
    step,
    users,
    lag(users) over (order by step_no) - users as lost
from marts.funnel
where as_of_date = %(as_of_date)s::date and persona = '(all)' and category = '(all)'
order by step_no
