-- fail: Orders, their lines and views do not all but vanish while the shop is open.
-- grain    one row per finding, named by key
-- usual    median of the same weekday in the eight weeks before, where at least four of these days are loaded; the rule
--          is silent below 100 rows. Next to nothing is 5 %% of it.
-- open     a web shop has views on every day. Without them, one of the other two must have come in as usual: on a
--          holiday a shop has neither orders nor lines, and nothing is wrong.

with

usual as (
    select
        file,
        percentile_cont(0.5) within group (order by row_count) as usual_rows
    from ops.loads
    where
        state = 'loaded'
        and source_day in (select %(as_of_date)s::date - 7 * week from generate_series(1, 8) as week)
        and file in ('orders', 'order_items', 'product_views')
    group by file
    having count(*) >= 4
),

delivered as (
    select
        loads.file,
        loads.row_count,
        usual.usual_rows,
        usual.usual_rows >= 100 and loads.row_count <= 0.05 * usual.usual_rows as has_collapsed,
        usual.usual_rows >= 20 and loads.row_count >= 0.5 * usual.usual_rows as is_as_usual
    from ops.loads as loads
    inner join usual on loads.file = usual.file
    where loads.source_day = %(as_of_date)s::date and loads.state <> 'refused'
)

select file || ': ' || row_count || ' rows, usually ' || round(usual_rows) as key
from delivered
where has_collapsed and (file = 'product_views' or (select bool_or(others.is_as_usual) from delivered as others))
