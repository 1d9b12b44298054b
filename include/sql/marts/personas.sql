-- marts.personas: which persona a customer is, by the shop's rule set in include/personas.yaml
-- grain    one row per known user per as_of_date
-- reads    marts.customer_profile of the same day
-- rerun    replaces its own as_of_date and touches no other day
-- rules    persona_case is the rule set as one case, first match wins; persona_thresholds are its quantiles of the day

with

profiles as (
    select * from marts.customer_profile
    where as_of_date = %(as_of_date)s::date
),

thresholds as (
    select %(persona_thresholds)s
    from profiles
),

final as (
    select
        profiles.as_of_date,
        profiles.user_id,
        %(rule_set)s as rule_set,
        %(persona_case)s as persona
    from profiles
    cross join thresholds
)

select * from final;
