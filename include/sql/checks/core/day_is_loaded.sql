-- fail: Every required file of the day has reached core.
-- grain    one row per finding, named by key

select file as key
from ops.loads
where source_day = %(as_of_date)s::date and state <> 'loaded'
union all
select 'no file of the day is loaded' as key
where not exists (select from ops.loads where source_day = %(as_of_date)s::date)
