-- warn: More than half as many of a file's rows were set aside as would have the day refused.
-- grain    one row per finding, named by key
-- limits   json, per file its threshold and the rules that have a limit of their own and do not count towards it
-- silent   below 5 rows

with

counted as (
    select
        quarantine.file,
        count(*) as bad_rows
    from ops.quarantine as quarantine
    where
        quarantine.source_day = %(as_of_date)s::date
        and not (%(limits)s::jsonb -> quarantine.file -> 'rules') ? quarantine.rule
    group by quarantine.file
    having count(*) >= 5
)

select
    loads.file || ': ' || counted.bad_rows || ' of ' || loads.row_count || ' rows, allowed are '
    || round(loads.row_count * (%(limits)s::jsonb -> loads.file ->> 'threshold')::numeric) as key
from ops.loads as loads
inner join counted on loads.file = counted.file
where
    loads.source_day = %(as_of_date)s::date
    and loads.state <> 'refused'
    and counted.bad_rows > 0.5 * loads.row_count * (%(limits)s::jsonb -> loads.file ->> 'threshold')::numeric
