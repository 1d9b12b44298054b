-- people: what a dashboard filters customers by, and the number of the group of those who have all of it in common
-- grain    one row per customer of as_of_date
-- serves   marts that name it as a placeholder: it stands there in brackets
-- reads    marts.customer_profile, marts.personas
-- planner  grouped by user_id, so that it knows of one row each: of a day just built it knows nothing, and would sort all rows
--          by four texts

select
    user_id,
    persona,
    age_group,
    gender,
    dense_rank() over (order by persona, age_group, gender) as cell
from (
    select
        user_id,
        max(persona) as persona,
        max(age_group) as age_group,
        coalesce(max(gender), 'unknown') as gender
    from (
        select
            user_id,
            null as persona,
            age_group,
            gender
        from marts.customer_profile
        where as_of_date = %(as_of_date)s::date
        union all
        select
            user_id,
            persona,
            null as age_group,
            null as gender
        from marts.personas
        where as_of_date = %(as_of_date)s::date
    ) as told
    group by user_id
) as customers;
