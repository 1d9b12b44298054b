-- dashboard buyers: how recently, how often and for how much buyers bought, by score and what a dashboard filters them by
-- grain    one row per persona, age_group, gender, segment, r_score and fm_score that a buyer has; at most 10 personas x 8 age
--          groups x 3 genders x 25 pairs of scores, 6,000
-- reads    marts.rfm, marts.customer_profile, marts.personas
-- adds up  over everything

with

buyers as (
    select
        personas.persona,
        profiles.age_group,
        coalesce(profiles.gender, 'unknown') as gender,
        scores.segment,
        scores.r_score,
        (scores.f_score + scores.m_score + 1) / 2 as fm_score,
        scores.recency_days,
        scores.frequency,
        scores.monetary
    from marts.rfm as scores
    inner join marts.personas as personas
        on scores.as_of_date = personas.as_of_date and scores.user_id = personas.user_id
    inner join marts.customer_profile as profiles
        on scores.as_of_date = profiles.as_of_date and scores.user_id = profiles.user_id
    where scores.as_of_date = %(as_of_date)s::date
),

final as (
    select
        persona,
        age_group,
        gender,
        segment,
        r_score,
        fm_score,
        count(*) as buyers,
        sum(recency_days) as recency_days,
        sum(frequency) as frequency,
        sum(monetary) as monetary
    from buyers
    group by persona, age_group, gender, segment, r_score, fm_score
)

select * from final
order by persona, age_group, gender, segment, r_score, fm_score;
