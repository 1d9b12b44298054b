-- warn: A return of the day names another customer than its order does; it counts as the order's customer's.
-- grain    one row per finding, named by key

select return_id as key
from core.returns
where delivered_on = %(as_of_date)s::date and named_user_id <> user_id
