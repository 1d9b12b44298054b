-- fail: The transition matrix leaves nobody out: its rows add up to the earlier day's personas, its columns to the day's.
-- grain    one row per finding, named by key

with

days as (
    select
        'day' as span,
        %(as_of_date)s::date - 1 as earlier_date
    union all
    select
        'month' as span,
        date_trunc('month', %(as_of_date)s::date)::date - 1 as earlier_date
),

sizes as (
    select
        as_of_date,
        rule_set,
        persona,
        count(*) as customers
    from marts.personas
    where as_of_date = %(as_of_date)s::date or as_of_date in (select earlier_date from days)
    group by as_of_date, rule_set, persona
),

-- spans that have a matrix: their earlier day is built, by the same rule set
spans as (
    select distinct
        days.span,
        days.earlier_date
    from days
    inner join sizes as earlier on days.earlier_date = earlier.as_of_date
    inner join sizes as today on today.as_of_date = %(as_of_date)s::date and earlier.rule_set = today.rule_set
),

expected as (
    select
        spans.span,
        'from' as side,
        sizes.persona,
        sizes.customers
    from spans
    inner join sizes on spans.earlier_date = sizes.as_of_date
    union all
    select
        spans.span,
        'to' as side,
        sizes.persona,
        sizes.customers
    from spans
    inner join sizes on sizes.as_of_date = %(as_of_date)s::date
),

told as (
    select
        span,
        'from' as side,
        from_persona as persona,
        sum(customers) as customers
    from marts.persona_movement
    where as_of_date = %(as_of_date)s::date and from_persona <> '(new)'
    group by span, from_persona
    union all
    select
        span,
        'to' as side,
        to_persona as persona,
        sum(customers) as customers
    from marts.persona_movement
    where as_of_date = %(as_of_date)s::date and to_persona <> '(gone)'
    group by span, to_persona
)

select concat_ws(' ', span, side, persona) as key
from expected
full outer join told using (span, side, persona)
where expected.customers is distinct from told.customers
union all
select concat_ws(' ', changed.span, 'changes', changed.customers) as key
from (
    select
        spans.span,
        count(changes.user_id) as customers
    from spans
    left join marts.persona_changes as changes
        on spans.span = changes.span and changes.as_of_date = %(as_of_date)s::date
    group by spans.span
) as changed
where changed.customers <> (
    select coalesce(sum(moved.customers), 0)
    from marts.persona_movement as moved
    where
        moved.as_of_date = %(as_of_date)s::date
        and moved.span = changed.span
        and moved.from_persona not in (moved.to_persona, '(new)')
        and moved.to_persona <> '(gone)'
)
