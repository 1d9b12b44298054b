-- insights/return_reason: why things came back in the last 91 days, where a reason is told
-- grain    one row per reason
-- reads    core.return_products_as_of
-- surprise customers are compared, not returns: one who sends everything back for one reason is one

with

known_returns as (
    select
        return_reason,
        user_id,
        order_id,
        return_id,
        sum(amount) as amount
    from core.return_products_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where returned_on > %(as_of_date)s::date - 91 and return_reason <> '' and user_id <> ''
    group by return_reason, user_id, order_id, return_id
)

select
    return_reason as value,
    count(*) as returns,
    count(distinct user_id) as customers,
    sum(amount) as returns_amount
from known_returns
group by return_reason
order by customers desc, value asc
