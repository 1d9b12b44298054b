-- insights/payment_failures: orders that ended unpaid, in two periods of 28 days
-- grain    one row per period
-- reads    core.orders_as_of
-- surprise the last week is left out: what is pending there may yet be paid

with

placed as (
    select
        case when ordered_on > %(as_of_date)s::date - 35 then 'recent' else 'before' end as period,
        is_paid
    from core.orders_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where ordered_on > %(as_of_date)s::date - 63 and ordered_on <= %(as_of_date)s::date - 7
)

select
    period,
    count(*) as orders,
    count(*) filter (where not is_paid) as unpaid_orders
from placed
group by period
order by period desc
