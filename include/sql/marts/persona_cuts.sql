-- marts.persona_cuts: what the thresholds of the shop's persona rules are, frozen for a calendar month
-- grain    one row per as_of_date and threshold of the rule set in use; none where it names no threshold
-- reads    marts.persona_quantiles of the month; marts.customer_profile of the day where that eve knows too few customers
-- rerun    replaces its own as_of_date; every day of a month computes the same cuts, also a restated one
-- band     who was on one side of `cut` on the eve stays there until they pass cut_low or cut_high (see personas.sql)
-- surprise fewer than 30 customers to take a quantile of on the eve: the day's own customers are taken, is_frozen is false
--          and there is no band: the shop is too young for a memory

with

eve as (
    select
        threshold,
        customers,
        cut
    from marts.persona_quantiles
    where cut_month = %(eve)s::date + 1
),

-- sorting every customer is work: only where an eve knows too few
today as (
    select %(threshold_quantiles)s
    from marts.customer_profile
    where as_of_date = %(as_of_date)s::date and exists (select from eve where customers < 30)
),

-- each threshold of the rule set, and what it is on both days
thresholds as (
    select
        listed.threshold,
        listed.measure,
        listed.quantile::numeric as quantile,
        listed.among,
        listed.band::numeric as band,
        listed.fixed::numeric as fixed,
        eve.customers as eve_customers,
        eve.cut as eve_cut,
        listed.today_customers::bigint as today_customers,
        listed.today_cut::numeric as today_cut
    -- the rows put in below read it
    from today -- noqa: ST11
    cross join
        lateral %(threshold_rows)s
            as listed (threshold, measure, quantile, among, band, fixed, today_customers, today_cut)
    left join eve on listed.threshold = eve.threshold
    where listed.threshold is not null
),

judged as (
    select
        *,
        fixed is not null or coalesce(eve_customers, 0) >= 30 as is_frozen
    from thresholds
),

cuts as (
    select
        *,
        round(case when is_frozen then coalesce(fixed, eve_cut) else today_cut end, 6) as cut
    from judged
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        threshold,
        %(rule_set)s as rule_set,
        measure,
        quantile,
        among,
        band,
        case when fixed is null then case when is_frozen then %(eve)s::date else %(as_of_date)s::date end end as basis_date,
        case when is_frozen then eve_customers else today_customers end as customers,
        is_frozen,
        cut,
        case when is_frozen then round(cut - abs(cut) * band, 6) else cut end as cut_low,
        case when is_frozen then round(cut + abs(cut) * band, 6) else cut end as cut_high
    from cuts
)

select * from final;
