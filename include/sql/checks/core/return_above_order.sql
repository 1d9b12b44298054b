-- warn: A return of the day is worth more than its order.
-- grain    one row per finding, named by key

with

order_worth as (
    select
        user_id,
        order_id,
        sum(amount) as amount
    from core.order_items
    where known_from <= %(as_of_date)s::date and %(as_of_date)s::date < known_to
    group by user_id, order_id
)

select returns.return_id as key
from core.returns as returns
inner join order_worth using (user_id, order_id)
where returns.delivered_on = %(as_of_date)s::date and returns.amount > order_worth.amount
