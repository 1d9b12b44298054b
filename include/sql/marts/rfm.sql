-- marts.rfm: how recently, how often and for how much a customer bought, as of one day
-- grain    one row per buyer per as_of_date; users without a paid order are prospects and absent
-- reads    core.customers_as_of, marts.rfm_cuts (the cuts of the month)
-- rerun    replaces its own as_of_date and touches no other day
-- scores   1 to 5, 5 best, by the month's published cuts; null and segment "insufficient data" where it has none
-- segments by the recency score and the rounded-up mean of the other two; docs/segments.md draws the table

with

buyers as (
    select
        user_id,
        %(as_of_date)s::date - last_paid_on as recency_days,
        paid_orders as frequency,
        net_revenue as monetary
    from core.customers_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where paid_orders > 0
),

recency_cuts as (
    select * from marts.rfm_cuts
    where cut_month = date_trunc('month', %(as_of_date)s::date)::date and metric = 'recency_days' and is_sufficient
),

frequency_cuts as (
    select * from marts.rfm_cuts
    where cut_month = date_trunc('month', %(as_of_date)s::date)::date and metric = 'frequency' and is_sufficient
),

monetary_cuts as (
    select * from marts.rfm_cuts
    where cut_month = date_trunc('month', %(as_of_date)s::date)::date and metric = 'monetary' and is_sufficient
),

scores as (
    select
        buyers.user_id,
        buyers.recency_days,
        buyers.frequency,
        buyers.monetary,
        5 - (buyers.recency_days > r.cut_1)::integer - (buyers.recency_days > r.cut_2)::integer
        - (buyers.recency_days > r.cut_3)::integer - (buyers.recency_days > r.cut_4)::integer as r_score,
        1 + (buyers.frequency > f.cut_1)::integer + (buyers.frequency > f.cut_2)::integer
        + (buyers.frequency > f.cut_3)::integer + (buyers.frequency > f.cut_4)::integer as f_score,
        1 + (buyers.monetary > m.cut_1)::integer + (buyers.monetary > m.cut_2)::integer
        + (buyers.monetary > m.cut_3)::integer + (buyers.monetary > m.cut_4)::integer as m_score
    from buyers
    left join recency_cuts as r on true
    left join frequency_cuts as f on true
    left join monetary_cuts as m on true
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        scores.user_id,
        scores.recency_days,
        scores.frequency,
        scores.monetary,
        scores.r_score,
        scores.f_score,
        scores.m_score,
        coalesce(segments.segment, 'insufficient data') as segment
    from scores
    left join marts.rfm_segments as segments
        on
            scores.r_score = segments.r_score
            and (scores.f_score + scores.m_score + 1) / 2 = segments.fm_score
)

select * from final;
