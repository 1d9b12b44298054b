-- warn: A file that the same weekday usually fills has no rows.
-- grain    one row per finding, named by key
-- usual    median of the same weekday in the eight weeks before, where at least four of these days are loaded; silent
--          below 20 rows, and where more than a quarter of those days had none either

with

usual as (
    select
        file,
        percentile_cont(0.5) within group (order by row_count) as usual_rows
    from ops.loads
    where
        state = 'loaded'
        and source_day in (select %(as_of_date)s::date - 7 * week from generate_series(1, 8) as week)
    group by file
    having count(*) >= 4 and count(*) filter (where row_count = 0) <= 0.25 * count(*)
)

select loads.file || ': 0 rows, usually ' || round(usual.usual_rows) as key
from ops.loads as loads
inner join usual on loads.file = usual.file
where
    loads.source_day = %(as_of_date)s::date
    and loads.state <> 'refused'
    and loads.row_count = 0
    and usual.usual_rows >= 20
