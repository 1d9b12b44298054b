-- core.users: customers, as the days to be merged describe them
-- grain    one row per user and source day
-- reads    staging.users
-- leaves   arriving, for versions.sql

create temporary table arriving on commit drop as
select
    known_from,
    user_id,
    signup_date,
    gender,
    age,
    location
from staging.users
where known_from = any(%(days)s);
