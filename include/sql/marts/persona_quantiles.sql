-- marts.persona_quantiles: the quantiles that the shop's persona rules name, on the eve of a calendar month
-- grain    one row per cut_month and threshold that is a quantile; none where the rule set names none
-- reads    the profile of every customer as of, and as known on, the last day before the month
-- rerun    replaces the month; every day of a month, also a restated one, asks for the same rows
-- frozen   made once for a month, and again when its select or a file of that eve has changed (ops.frozen_marts)

with

eve as (
    select %(threshold_quantiles)s
    from %(profile_of_eve)s
),

final as (
    select
        %(eve)s::date + 1 as cut_month,
        listed.threshold,
        %(rule_set)s as rule_set,
        listed.customers::bigint as customers,
        round(listed.cut::numeric, 6) as cut
    -- the rows put in below read it
    from eve as measured -- noqa: AL05
    cross join lateral %(quantile_rows)s as listed (threshold, customers, cut)
    where listed.threshold is not null
)

select * from final;
