-- marts.persona_movement: how many customers moved from which persona to which, since the day before and since the month
-- before
-- grain    one row per as_of_date, span, from_persona and to_persona; who stayed has a row, too
-- reads    marts.personas of the day, of the day before and of the last day of the month before, as they were built
-- rerun    replaces its own as_of_date and touches no other day
-- absent   a span whose earlier day is not built, or was built by another rule set, has no rows

with

today as (
    select
        user_id,
        persona
    from marts.personas
    where as_of_date = %(as_of_date)s::date
),

earlier as (
    select
        'day' as span,
        as_of_date as earlier_date,
        user_id,
        persona
    from marts.personas
    where as_of_date = %(as_of_date)s::date - 1 and rule_set = %(rule_set)s
    union all
    select
        'month' as span,
        as_of_date as earlier_date,
        user_id,
        persona
    from marts.personas
    where as_of_date = %(eve)s::date and rule_set = %(rule_set)s
),

spans as (
    select
        span,
        earlier_date
    from earlier
    group by span, earlier_date
),

moves as (
    select
        span,
        earlier_date,
        coalesce(earlier.persona, '(new)') as from_persona,
        coalesce(today.persona, '(gone)') as to_persona,
        count(*) as customers
    from (
        select
            spans.span,
            spans.earlier_date,
            today.user_id,
            today.persona
        from spans
        cross join today
    ) as today
    full outer join earlier using (span, earlier_date, user_id)
    group by span, earlier_date, coalesce(earlier.persona, '(new)'), coalesce(today.persona, '(gone)')
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        span,
        earlier_date,
        from_persona,
        to_persona,
        customers,
        customers::numeric / sum(customers) over (partition by span, from_persona) as share_of_from
    from moves
)

select * from final;
