-- marts.insights: what may be said of the shop on a day, and what may not, and why
-- grain    one row per as_of_date and kind of insight
-- reads    insight_sentences (a temporary table: numbers of include/sql/insights tested and put into words by
--          personapulse/insights/nightly.py)
-- rerun    replaces its own as_of_date and touches no other day

with

final as (
    select
        %(as_of_date)s::date as as_of_date,
        kind,
        status,
        rank,
        priority,
        subject_type,
        subject,
        sentence,
        effect,
        low,
        high,
        unit,
        p_value,
        adjusted_p_value,
        test,
        sample_size,
        floor,
        query
    from insight_sentences
)

select * from final;
