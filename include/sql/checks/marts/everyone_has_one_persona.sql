-- fail: Every profile, and nobody else, has one persona.
-- grain    one row per finding, named by key

select coalesce(profiles.user_id, named.user_id) as key
from (select user_id from marts.customer_profile where as_of_date = %(as_of_date)s::date) as profiles
full outer join (select user_id from marts.personas where as_of_date = %(as_of_date)s::date) as named
    on profiles.user_id = named.user_id
where profiles.user_id is null or named.user_id is null
