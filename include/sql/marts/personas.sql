-- marts.personas: which persona a customer is, by the shop's rule set in include/personas.yaml
-- grain    one row per known user per as_of_date
-- reads    marts.customer_profile and persona_cuts of the same day; marts.persona_sides of the month
-- rerun    replaces its own as_of_date and touches no other day; needs no other day to be built
-- rules    first match wins; placeholders are rendered from the rule set (personapulse/personas/rendering.py)
-- edges    a comparison with a threshold that has a dead band holds until its outer edge for who met it on the eve of the
--          month, and begins to hold at its inner edge for who did not; see docs/decisions/0012-personas-remember.md

with

profiles as (
    select * from marts.customer_profile
    where as_of_date = %(as_of_date)s::date
),

cuts as (
    select %(persona_cuts)s
    from marts.persona_cuts
    where as_of_date = %(as_of_date)s::date
),

eves as (
    select
        user_id,
        sides
    from marts.persona_sides
    where cut_month = %(eve)s::date + 1
),

judged as (
    select
        profiles.as_of_date,
        profiles.user_id,
        %(persona_conditions)s
    from profiles
    cross join cuts
    left join eves on profiles.user_id = eves.user_id
),

final as (
    select
        as_of_date,
        user_id,
        %(rule_set)s as rule_set,
        %(persona_case)s as persona,
        %(rules_version)s as rules_version,
        array[%(persona_condition_list)s] as conditions
    from judged
)

select * from final;
