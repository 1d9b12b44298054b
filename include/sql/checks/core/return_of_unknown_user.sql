-- warn: A return of the day names a customer no users file has told of.
-- grain    one row per finding, named by day and key

select
    returns.known_from as as_of_date,
    returns.named_user_id as key
from core.returns as returns
where
    returns.known_from between %(first_day)s::date and %(as_of_date)s::date
    and returns.named_user_id is not null
    and not exists (
        select from core.users as users
        where users.user_id = returns.named_user_id and users.known_from <= returns.known_from
    )
