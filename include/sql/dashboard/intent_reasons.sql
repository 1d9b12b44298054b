-- dashboard intent_reasons: what speaks most for, or against, customers buying
-- grain    one row per persona, band and reason that some customer has as the first, whatever values it names
-- reads    marts.purchase_intent, marts.personas
-- adds up  over personas and bands

with

final as (
    select
        personas.persona,
        intent.band,
        coalesce(
            regexp_replace(intent.reason_1, '[ ,]+(above|at most) -?[0-9].*$', ''),
            '(nothing stands out)'
        ) as reason,
        count(*) as customers
    from marts.purchase_intent as intent
    inner join marts.personas as personas
        on intent.as_of_date = personas.as_of_date and intent.user_id = personas.user_id
    where intent.as_of_date = %(as_of_date)s::date
    group by
        personas.persona,
        intent.band,
        coalesce(
            regexp_replace(intent.reason_1, '[ ,]+(above|at most) -?[0-9].*$', ''),
            '(nothing stands out)'
        )
)

select * from final
order by persona, band, reason;
