-- warn: A return of the day names another customer than its order does; it counts as the order's customer's.
-- grain    one row per finding, named by key

select told.return_id as key
from core.returns as told
inner join core.return_facts as facts
    on
        told.order_id = facts.order_id
        and told.return_id = facts.return_id
        and facts.known_from <= %(as_of_date)s::date
        and %(as_of_date)s::date < facts.known_to
where told.known_from = %(as_of_date)s::date and told.named_user_id <> facts.user_id
