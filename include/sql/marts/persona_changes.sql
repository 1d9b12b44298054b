-- marts.persona_changes: who became another persona since the day before or the month before, and what decided it
-- grain    one row per as_of_date, span and customer known on both days whose persona differs
-- reads    marts.personas and customer_profile of the day, of the day before and of the last day of the month before
-- rerun    replaces its own as_of_date and touches no other day
-- decided  by whichever of the two personas' rules is tried first: it came to match, or ceased to. Of its comparisons that
--          turned, one that the customer moved is told, else the first
-- kind     acted: the customer did something that moved the column; decayed: time alone, the month's thresholds or the
--          shop's records did; rules: the rule set was edited in between
-- absent   as in persona_movement

with

today as (
    select * from marts.personas
    where as_of_date = %(as_of_date)s::date
),

earlier as (
    select
        'day' as span,
        *
    from marts.personas
    where as_of_date = %(as_of_date)s::date - 1 and rule_set = %(rule_set)s
    union all
    select
        'month' as span,
        *
    from marts.personas
    where as_of_date = %(eve)s::date and rule_set = %(rule_set)s
),

rules as (
    select
        listed.rule_no,
        listed.persona
    from %(persona_rules)s as listed (rule_no, persona)
),

comparisons as (
    select
        listed.place,
        listed.rule_no,
        listed.condition,
        listed.profile_column
    from %(persona_comparisons)s as listed (place, rule_no, condition, profile_column)
),

changed as (
    select
        earlier.span,
        today.user_id,
        earlier.as_of_date as earlier_date,
        earlier.persona as from_persona,
        today.persona as to_persona,
        earlier.conditions as old_conditions,
        today.conditions as new_conditions,
        coalesce(earlier.rules_version = today.rules_version, false) as is_same_rules,
        least(rules_before.rule_no, rules_now.rule_no) as rule_no
    from today
    inner join earlier on today.user_id = earlier.user_id and today.persona <> earlier.persona
    left join rules as rules_before on earlier.persona = rules_before.persona
    left join rules as rules_now on today.persona = rules_now.persona
),

profiles_before as (
    select
        'day' as span,
        *
    from marts.customer_profile
    where as_of_date = %(as_of_date)s::date - 1
    union all
    select
        'month' as span,
        *
    from marts.customer_profile
    where as_of_date = %(eve)s::date
),

profiles_now as (
    select * from marts.customer_profile
    where as_of_date = %(as_of_date)s::date
),

turned as (
    select
        changed.span,
        changed.user_id,
        comparisons.place,
        comparisons.condition,
        comparisons.profile_column,
        %(old_value)s as old_value,
        %(new_value)s as new_value,
        %(is_acted)s as is_acted
    from changed
    inner join comparisons
        on
            changed.is_same_rules
            and changed.rule_no = comparisons.rule_no
            and changed.old_conditions[comparisons.place] is distinct from changed.new_conditions[comparisons.place]
    inner join profiles_before as earlier on changed.span = earlier.span and changed.user_id = earlier.user_id
    inner join profiles_now as today on changed.user_id = today.user_id
),

told as (
    select
        *,
        row_number() over (partition by span, user_id order by is_acted desc, place asc) as choice
    from turned
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        changed.span,
        changed.user_id,
        changed.earlier_date,
        changed.from_persona,
        changed.to_persona,
        case
            when not changed.is_same_rules then 'rules'
            when told.is_acted then 'acted'
            else 'decayed'
        end as kind,
        deciding.persona as rule,
        told.condition,
        told.profile_column,
        told.old_value,
        told.new_value
    from changed
    left join rules as deciding on changed.rule_no = deciding.rule_no and changed.is_same_rules
    left join told on changed.span = told.span and changed.user_id = told.user_id and told.choice = 1
)

select * from final;
