-- fail: Every buyer, and nobody else, has one row in rfm.
-- grain    one row per finding, named by key

select coalesce(buyers.user_id, scored.user_id) as key
from (
    select user_id
    from core.customers_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where paid_orders > 0
) as buyers
full outer join (select user_id from marts.rfm where as_of_date = %(as_of_date)s::date) as scored
    on buyers.user_id = scored.user_id
where buyers.user_id is null or scored.user_id is null
