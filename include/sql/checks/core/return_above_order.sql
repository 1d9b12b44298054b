-- warn: The returns of an order that something came back of on the day are worth more than the order.
-- grain    one row per finding, named by day and key

with

came_back as (
    select distinct
        known_from as as_of_date,
        order_id
    from core.returns
    where known_from between %(first_day)s::date and %(as_of_date)s::date and order_id <> ''
),

returned as (
    select
        came_back.as_of_date,
        facts.user_id,
        facts.order_id,
        sum(facts.amount) as amount
    from came_back
    inner join core.return_facts as facts
        on
            came_back.order_id = facts.order_id
            and came_back.as_of_date >= facts.known_from
            and came_back.as_of_date < facts.known_to
    group by came_back.as_of_date, facts.user_id, facts.order_id
)

select
    returned.as_of_date,
    orders.order_id as key
from returned
inner join core.order_facts as orders
    on
        returned.user_id = orders.user_id
        and returned.order_id = orders.order_id
        and returned.as_of_date >= orders.known_from
        and returned.as_of_date < orders.known_to
where orders.is_paid and returned.amount > orders.gross_amount
