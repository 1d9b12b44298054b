-- warn: A line of the day belongs to an order nobody has told of; it counts once the order arrives.
-- grain    one row per finding, named by key

select order_id || ' line ' || line_no as key
from core.order_items
where delivered_on = %(as_of_date)s::date and user_id = '' and known_to > %(as_of_date)s::date
