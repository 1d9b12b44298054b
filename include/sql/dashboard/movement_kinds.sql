-- dashboard movement_kinds: what decided who became another persona
-- grain    one row per span, from_persona, to_persona, kind and column that decided
-- reads    marts.persona_changes
-- adds up  over everything within a span

with

final as (
    select
        span,
        from_persona,
        to_persona,
        kind,
        coalesce(profile_column, '') as profile_column,
        count(*) as customers
    from marts.persona_changes
    where as_of_date = %(as_of_date)s::date
    group by span, from_persona, to_persona, kind, coalesce(profile_column, '')
)

select * from final
order by span, from_persona, to_persona, kind, profile_column;
