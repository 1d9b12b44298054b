-- What each buyer had bought by the calibration's end, and has bought since; a fragment, put in parentheses
-- grain    one row per user with a paid order by the calibration's end
-- reads    core.customers_as_of, twice; the histories are put in from purchase_histories.sql, as of the calibration's end
-- surprise as known that night, an order delivered late counts as bought since, and one withdrawn counts against

select
    histories.frequency,
    histories.recency_days,
    histories.age_days,
    histories.mean_order_value,
    (coalesce(today.paid_orders, 0) - histories.paid_orders)::double precision as later_orders,
    (coalesce(today.gross_revenue, 0) - histories.gross_revenue)::double precision as later_revenue
from %(histories)s as histories
left join core.customers_as_of(%(today)s::date, %(known_today)s::date) as today
    on histories.user_id = today.user_id
