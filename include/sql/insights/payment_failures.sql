-- insights/payment_failures: orders that ended unpaid, in two periods of 28 days
-- grain    one row per period; its customers are what varies, for who fails to pay tries again (x: unpaid orders, y: orders)
-- reads    core.orders_as_of
-- surprise the last week is left out: what is pending there may yet be paid

with

placed as (
    select
        case when ordered_on > %(as_of_date)s::date - 35 then 'recent' else 'before' end as period,
        user_id,
        is_paid
    from core.orders_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where ordered_on > %(as_of_date)s::date - 63 and ordered_on <= %(as_of_date)s::date - 7
),

customers as (
    select
        period,
        user_id,
        (count(*) filter (where not is_paid))::numeric as x,
        count(*)::numeric as y
    from placed
    group by period, user_id
)

select
    period,
    count(*) as customers,
    sum(x) as numerator,
    sum(y) as denominator,
    sum(x) / sum(y) as ratio,
    sum(x * x) as sum_xx,
    sum(x * y) as sum_xy,
    sum(y * y) as sum_yy,
    sum(x * x * x) as sum_xxx,
    sum(x * x * y) as sum_xxy,
    sum(x * y * y) as sum_xyy,
    sum(y * y * y) as sum_yyy
from customers
group by period
order by period desc
