-- warn: The returns of an order that something came back of on the day are worth more than the order.
-- grain    one row per finding, named by key

with

returned as (
    select
        user_id,
        order_id,
        sum(amount) as amount
    from core.return_facts
    where
        order_id in (
            select returns.order_id from core.returns as returns
            where returns.known_from = %(as_of_date)s::date and returns.order_id <> ''
        )
        and known_from <= %(as_of_date)s::date
        and %(as_of_date)s::date < known_to
    group by user_id, order_id
)

select orders.order_id as key
from returned
inner join core.order_facts as orders on returned.user_id = orders.user_id and returned.order_id = orders.order_id
where
    orders.known_from <= %(as_of_date)s::date
    and %(as_of_date)s::date < orders.known_to
    and orders.is_paid
    and returned.amount > orders.gross_amount
