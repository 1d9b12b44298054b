-- marts.rfm_cuts: the values at which RFM scores change, frozen for a calendar month
-- grain    one row per cut_month and metric
-- reads    core.customers_as_of, as of the last day before the month
-- rerun    replaces the month of as_of_date; every day of a month asks for the same rows, also a restated one:
--          published cuts are not taken back
-- frozen   made once for a month, and again when this select or a file of that eve has changed (ops.frozen_marts)
-- scores   four cuts at the 20, 40, 60 and 80 per cent quantiles of the buyers' values; a value above a cut is on the
--          far side of it. Equal values always score equally, so where many buyers share a value two cuts coincide and
--          the score between them is not given: scores_given says which are.
-- surprise fewer than 50 buyers or 30 days of history before the month: no cuts, and rfm says "insufficient data"

with

basis as (
    select
        %(eve)s::date + 1 as cut_month,
        %(eve)s::date as basis_date
),

buyers as (
    select
        %(eve)s::date - last_paid_on as recency_days,
        paid_orders as frequency,
        net_revenue as monetary,
        first_paid_on
    from core.customers_as_of(%(eve)s::date, %(eve)s::date)
    where paid_orders > 0
),

scored_values as (
    select
        metrics.metric,
        metrics.value
    from buyers
    cross join lateral (
        values
        ('recency_days', buyers.recency_days::numeric),
        ('frequency', buyers.frequency::numeric),
        ('monetary', buyers.monetary)
    ) as metrics (metric, value)
),

population as (
    select
        count(*) as buyers,
        coalesce(max(basis.basis_date) - min(buyers.first_paid_on) + 1, 0) as history_days
    from buyers
    cross join basis
),

quantiles as (
    select
        metric,
        percentile_cont(array[0.2, 0.4, 0.6, 0.8]) within group (order by value) as cuts
    from scored_values
    group by metric
),

cuts as (
    select
        basis.cut_month,
        metrics.metric,
        basis.basis_date,
        population.buyers,
        population.history_days,
        population.buyers >= 50 and population.history_days >= 30 as is_sufficient,
        quantiles.cuts
    from basis
    cross join population
    cross join (values ('recency_days'), ('frequency'), ('monetary')) as metrics (metric)
    left join quantiles using (metric)
),

given_scores as (
    select
        metric,
        string_agg(distinct score::text, ', ' order by score::text) as scores
    from (
        select
            metric,
            -- a recency scores 5 and one less for each cut below it, the others 1 and one more
            case
                when metric = 'recency_days' then 5 - cuts_passed
                else 1 + cuts_passed
            end as score
        from (
            select
                metric,
                (value > cuts[1])::integer + (value > cuts[2])::integer
                + (value > cuts[3])::integer + (value > cuts[4])::integer as cuts_passed
            from scored_values
            inner join quantiles using (metric)
        ) as passed
    ) as scored
    group by metric
),

final as (
    select
        cuts.cut_month,
        metric,
        cuts.basis_date,
        cuts.buyers,
        cuts.history_days,
        cuts.is_sufficient,
        case when cuts.is_sufficient then cuts.cuts[1] end as cut_1,
        case when cuts.is_sufficient then cuts.cuts[2] end as cut_2,
        case when cuts.is_sufficient then cuts.cuts[3] end as cut_3,
        case when cuts.is_sufficient then cuts.cuts[4] end as cut_4,
        case when cuts.is_sufficient then given_scores.scores else 'none: insufficient data' end as scores_given
    from cuts
    left join given_scores using (metric)
)

select * from final;
