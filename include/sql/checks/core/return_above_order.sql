-- warn: The returns of an order that something came back of on the day are worth more than the order.
-- grain    one row per finding, named by key

with

returned as (
    select
        user_id,
        order_id,
        sum(amount) as amount
    from core.returns_as_of(%(as_of_date)s::date, %(as_of_date)s::date)
    where
        order_id in (
            select deliveries.order_id from core.returns as deliveries
            where deliveries.known_from = %(as_of_date)s::date
        )
    group by user_id, order_id
)

select order_id as key
from returned
inner join core.orders_as_of(%(as_of_date)s::date, %(as_of_date)s::date) as orders using (user_id, order_id)
where orders.is_paid and returned.amount > orders.gross_amount
