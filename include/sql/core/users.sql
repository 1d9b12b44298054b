-- core.users: customers, as each delivery described them
-- grain    one row per user and delivery
-- reads    staging.users, for the days in staging.batches from first_day to last_day
-- rerun    replaces what these days delivered and closes the versions of the keys they touched

create temporary table touched_users on commit drop as
select user_id from core.users
where
    known_from in (
        select source_day from staging.batches
        where source_day between %(first_day)s and %(last_day)s
    )
union
select user_id from staging.users
where source_day between %(first_day)s and %(last_day)s;

analyze touched_users;

delete from core.users
where known_from in (
    select source_day from staging.batches
    where source_day between %(first_day)s and %(last_day)s
);

insert into core.users (
    user_id,
    known_from,
    known_to,
    signup_date,
    gender,
    age,
    location
)
select
    user_id,
    source_day as known_from,
    'infinity'::date as known_to,
    signup_date,
    gender,
    age,
    location
from staging.users
where source_day between %(first_day)s and %(last_day)s;

update core.users as versions
set known_to = chain.known_to
from (
    select
        user_id,
        known_from,
        coalesce(
            lead(known_from) over (partition by user_id order by known_from), 'infinity'::date
        ) as known_to
    from core.users
    inner join touched_users using (user_id)
) as chain
where
    versions.user_id = chain.user_id
    and versions.known_from = chain.known_from
    and versions.known_to <> chain.known_to;
