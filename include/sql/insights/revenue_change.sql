-- insights/revenue_change: net revenue of two periods of 28 days, paired by customer
-- grain    one row
-- reads    core.user_days, marts.customer_profile

with

known_days as (
    select
        user_id,
        on_day > %(as_of_date)s::date - 28 as is_recent,
        gross_revenue - returns_amount as net_revenue
    from core.user_days
    where
        on_day > %(as_of_date)s::date - 56
        and on_day <= %(as_of_date)s::date
        and known_from <= %(known_on)s::date
        and %(known_on)s::date < known_to
        and (paid_orders > 0 or returns > 0)
),

customers as (
    select
        user_id,
        coalesce(sum(net_revenue) filter (where is_recent), 0) as recent,
        coalesce(sum(net_revenue) filter (where not is_recent), 0) as before
    from known_days
    group by user_id
)

select
    count(*) as customers,
    coalesce(sum(recent), 0) as recent,
    coalesce(sum(before), 0) as before,
    coalesce(sum((recent - before) * (recent - before)), 0) as squared_changes,
    coalesce((
        select min(first_paid_on) from marts.customer_profile where as_of_date = %(as_of_date)s::date
    ) <= %(as_of_date)s::date - 55, false) as has_both_periods
from customers
