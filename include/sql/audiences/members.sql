-- audience members: everybody an audience's selection names, with what is exported of them
-- grain    one row per customer of the selection, also who is held out or never exported
-- reads    marts.personas, rfm, ltv_predicted, purchase_intent; ops.never_exported
-- held out by a hash of salt, audience and user_id alone: the same on every day, whoever else is there; the number it makes
--          lies evenly between 0 and 1, so whoever is in the first tenth is in the first fifth
-- empty    a selection of null names everybody; a customer without a segment or band is in no selection of these

with

final as (
    select
        personas.as_of_date,
        personas.user_id,
        personas.persona,
        rfm.segment,
        rfm.recency_days,
        rfm.frequency,
        intent.band as intent_band,
        round(rfm.monetary, 2) as monetary,
        round(worth.expected_value_12_months::numeric, 2) as expected_value_12_months,
        round(intent.probability::numeric, 4) as intent_probability,
        personas.user_id in (select never.user_id from ops.never_exported as never) as is_suppressed,
        -- the hash's first four bytes, as a share of all they could be
        ('x' || left(encode(sha256(
            convert_to(%(salt)s, 'UTF8') || decode('00', 'hex')
            || convert_to(%(audience)s, 'UTF8') || decode('00', 'hex')
            || convert_to(personas.user_id, 'UTF8')
        ), 'hex'), 8))::bit(32)::bigint < %(hold_out)s::numeric * 4294967296 as is_held_out
    from marts.personas as personas
    left join marts.rfm as rfm
        on personas.as_of_date = rfm.as_of_date and personas.user_id = rfm.user_id
    left join marts.ltv_predicted as worth
        on personas.as_of_date = worth.as_of_date and personas.user_id = worth.user_id
    left join marts.purchase_intent as intent
        on personas.as_of_date = intent.as_of_date and personas.user_id = intent.user_id
    where
        personas.as_of_date = %(as_of_date)s::date
        and (%(personas)s::text[] is null or personas.persona = any(%(personas)s::text[]))
        and (%(segments)s::text[] is null or rfm.segment = any(%(segments)s::text[]))
        and (%(intent_bands)s::smallint[] is null or intent.band = any(%(intent_bands)s::smallint[]))
)

select * from final;
