-- warn: A return of the day is on an order nobody has told of and names no customer; its worth is nobody's.
-- grain    one row per finding, named by key

select return_id as key
from core.return_facts
where known_from = %(as_of_date)s::date and user_id = ''
