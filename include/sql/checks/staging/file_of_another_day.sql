-- fail: As many orders or views as usual are not all of earlier days, as in an earlier day's file delivered again.
-- grain    one row per finding, named by key
-- usual    on three of four of the loaded days of the same weekday in the eight weeks before, at least four of them; a
--          shop that always delivers a day late is left in peace. Silent below 100 rows, and below half of the usual:
--          on a holiday a few corrections of old orders may be all there is.

with

newest as materialized (
    select
        'orders' as file,
        count(*) as row_count,
        max(order_date) as newest_at
    from staging.orders
    where known_from = %(as_of_date)s::date
    union all
    select
        'product_views' as file,
        count(*) as row_count,
        max(viewed_at) as newest_at
    from staging.product_views
    where known_from = %(as_of_date)s::date
),

stale as (
    select
        newest.file,
        newest.row_count,
        shop.time_zone,
        (newest.newest_at at time zone shop.time_zone)::date as newest_on
    from newest
    cross join ops.shop as shop
    where
        newest.row_count >= 100
        and (newest.newest_at at time zone shop.time_zone)::date < %(as_of_date)s::date
),

day_before as (
    select
        stale.file,
        stale.row_count,
        stale.newest_on,
        loads.row_count as usual_rows,
        (
            stale.file = 'orders'
            and exists (
                select from core.orders as orders
                where orders.known_from = loads.source_day and orders.ordered_on = loads.source_day
            )
        )
        or (
            stale.file = 'product_views'
            and exists (
                select from core.deliveries as deliveries
                where
                    deliveries.file = 'product_views'
                    and deliveries.known_from = loads.source_day
                    and (deliveries.last_at at time zone stale.time_zone)::date = loads.source_day
            )
        ) as has_its_own
    from stale
    inner join ops.loads as loads on stale.file = loads.file
    where
        loads.state = 'loaded'
        and loads.row_count > 0
        and loads.source_day in (select %(as_of_date)s::date - 7 * week from generate_series(1, 8) as week)
)

select file || ': ' || row_count || ' rows, the newest of ' || newest_on as key
from day_before
group by file, row_count, newest_on
having
    count(*) >= 4
    and count(*) filter (where has_its_own) >= 0.75 * count(*)
    and row_count >= 0.5 * percentile_cont(0.5) within group (order by usual_rows)
