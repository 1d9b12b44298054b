-- warn: A file has less than a third, or more than three times, of what the same weekday usually brings.
-- grain    one row per finding, named by key
-- usual    median of the same weekday in the eight weeks before, where at least four of these days are loaded; silent
--          below 30 rows, and inside the range of those days

with

usual as (
    select
        file,
        percentile_cont(0.5) within group (order by row_count) as usual_rows,
        min(row_count) as least_rows,
        max(row_count) as most_rows
    from ops.loads
    where
        state = 'loaded'
        and source_day in (select %(as_of_date)s::date - 7 * week from generate_series(1, 8) as week)
    group by file
    having count(*) >= 4
)

select loads.file || ': ' || loads.row_count || ' rows, usually ' || round(usual.usual_rows) as key
from ops.loads as loads
inner join usual on loads.file = usual.file
where
    loads.source_day = %(as_of_date)s::date
    and loads.state <> 'refused'
    and loads.row_count > 0
    and usual.usual_rows >= 30
    and loads.row_count not between usual.least_rows and usual.most_rows
    and loads.row_count not between usual.usual_rows / 3 and usual.usual_rows * 3
