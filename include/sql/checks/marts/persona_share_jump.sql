-- warn: A persona is much larger or smaller than on the days before. Did the rules, the data or the customers change?
-- grain    one row per finding, named by key: the persona, its usual and its present share
-- usual    mean share over up to 7 built days of the 14 before, by the same rules; a day without such days is not judged
-- floor    a jump is a quarter of the usual size or more, and at least 30 customers: small groups move by a handful

with

sizes as (
    select
        as_of_date,
        rules_version,
        persona,
        count(*) as customers
    from marts.personas
    where as_of_date between %(as_of_date)s::date - 14 and %(as_of_date)s::date
    group by as_of_date, rules_version, persona
),

today as (
    select
        persona,
        customers,
        sum(customers) over () as everybody
    from sizes
    where as_of_date = %(as_of_date)s::date
),

latest_days as (
    select
        as_of_date,
        sum(customers) as customers
    from sizes
    where
        as_of_date < %(as_of_date)s::date
        and rules_version in (
            select present.rules_version from sizes as present
            where present.as_of_date = %(as_of_date)s::date
        )
    group by as_of_date
    order by as_of_date desc
    limit 7
),

days as (
    select
        *,
        count(*) over () as built
    from latest_days
),

usual as (
    select
        sizes.persona,
        sum(sizes.customers / days.customers) / max(days.built) as share
    from sizes
    inner join days using (as_of_date)
    group by sizes.persona
),

shares as (
    select
        persona,
        coalesce(usual.share, 0) as usual_share,
        coalesce(today.customers, 0) as customers,
        max(today.everybody) over () as everybody
    from today
    full outer join usual using (persona)
    where exists (select from days)
)

select
    format(
        '%%s: usually %%s %%%%, now %%s %%%%', persona, round(100 * usual_share, 1), round(100.0 * customers / everybody, 1)
    ) as key
from shares
where
    abs(customers - usual_share * everybody) >= 30
    and abs(customers - usual_share * everybody) >= 0.25 * usual_share * everybody
