-- The purchases of each buyer as of a day, as BG/NBD and Gamma-Gamma want them told; a fragment, put in parentheses
-- grain    one row per user with a paid order
-- reads    core.customers_as_of
-- counts   an order is a transaction, and its gross revenue what it is worth; two orders of one day are half a day apart:
--          at no distance at all they would be infinitely unlikely (docs/decisions/0013-orders-gross-value-and-80-percent.md)

select
    user_id,
    paid_orders,
    gross_revenue,
    (paid_orders - 1)::double precision as frequency,
    case
        when paid_orders = 1 then 0.0
        else greatest(last_paid_on - first_paid_on, 0.5)
    end::double precision as recency_days,
    greatest(
        %(as_of_date)s::date - first_paid_on,
        case when paid_orders > 1 then 0.5 else 0.0 end
    )::double precision as age_days,
    (gross_revenue / paid_orders)::double precision as mean_order_value
from core.customers_as_of(%(as_of_date)s::date, %(known_on)s::date)
where paid_orders > 0
