-- fail: Every required file of the day has reached core.
-- grain    one row per finding, named by day and key

select
    source_day as as_of_date,
    file as key
from ops.loads
where source_day between %(first_day)s::date and %(as_of_date)s::date and state <> 'loaded'
union all
select
    days.as_of_date::date as as_of_date,
    'no file of the day is loaded' as key
from generate_series(%(first_day)s::date, %(as_of_date)s::date, interval '1 day') as days (as_of_date)
where not exists (select from ops.loads where loads.source_day = days.as_of_date)
