-- dashboard recency_monetary: buyers as points of recency and net revenue; as bins in a shop of many
-- grain    one row per persona, age_group, gender, recency_days and monetary; beyond %(points)s buyers both are the middle of
--          a bin, and age_group and gender are '(all)', so that it stays small however many customers: at most 180 bins of
--          each persona
-- reads    marts.rfm, marts.customer_profile, marts.personas
-- bins     by powers of two, the nearest; recency of 0 and net revenue of 1 and below by themselves
-- adds up  over everything; nobody is named

with

buyers as (
    select
        personas.persona,
        profiles.age_group,
        coalesce(profiles.gender, 'unknown') as gender,
        scores.recency_days,
        scores.monetary,
        count(*) over () > %(points)s::bigint as is_binned
    from marts.rfm as scores
    inner join marts.personas as personas
        on scores.as_of_date = personas.as_of_date and scores.user_id = personas.user_id
    inner join marts.customer_profile as profiles
        on scores.as_of_date = profiles.as_of_date and scores.user_id = profiles.user_id
    where scores.as_of_date = %(as_of_date)s::date
),

binned as (
    select
        persona,
        is_binned,
        case when is_binned then '(all)' else age_group end as age_group,
        case when is_binned then '(all)' else gender end as gender,
        case
            when not is_binned or recency_days = 0 then recency_days
            else round(power(2, round(log(2, recency_days::numeric))))
        end as recency_days,
        case
            when not is_binned then monetary
            when monetary <= 1 then 1
            else round(power(2, round(log(2, monetary))))
        end as monetary
    from buyers
),

final as (
    select
        persona,
        age_group,
        gender,
        is_binned,
        recency_days,
        monetary,
        count(*) as buyers
    from binned
    group by persona, age_group, gender, is_binned, recency_days, monetary
)

select * from final
order by persona, age_group, gender, recency_days, monetary;
