-- dashboard intent_bands: how likely customers are to buy, by tenth and what a dashboard filters customers by
-- grain    one row per band, persona, age_group and gender that a scored customer has; at most 2,400
-- reads    marts.purchase_intent, marts.customer_profile, marts.personas
-- adds up  over everything: summed probabilities are the buyers expected; but for the least and most likely

with

final as (
    select
        intent.band,
        personas.persona,
        profiles.age_group,
        coalesce(profiles.gender, 'unknown') as gender,
        count(*) as customers,
        sum(intent.probability::double precision) as expected_buyers,
        count(*) filter (where intent.probability > 0.5) as likely_buyers,
        min(intent.probability) as least,
        max(intent.probability) as most
    from marts.purchase_intent as intent
    inner join marts.personas as personas
        on intent.as_of_date = personas.as_of_date and intent.user_id = personas.user_id
    inner join marts.customer_profile as profiles
        on intent.as_of_date = profiles.as_of_date and intent.user_id = profiles.user_id
    where intent.as_of_date = %(as_of_date)s::date
    group by intent.band, personas.persona, profiles.age_group, coalesce(profiles.gender, 'unknown')
)

select * from final
order by band, persona, age_group, gender;
