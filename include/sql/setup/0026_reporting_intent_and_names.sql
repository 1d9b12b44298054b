-- The rest of what the Power BI model imports: intent, the model that says it, figures of every day, and the lists by which
-- all of it is filtered, in the order they are shown in.

-- grain: one row per band, persona, age group and gender
create view reporting.intent as
select
    intent.band,
    personas.persona,
    profiles.age_group,
    coalesce(profiles.gender, 'unknown') as gender,
    count(*) as customers,
    sum(intent.probability::double precision) as expected_buyers,
    count(*) filter (where intent.probability > 0.5) as likely_buyers
from marts.purchase_intent as intent
inner join marts.personas as personas using (as_of_date, user_id)
inner join marts.customer_profile as profiles using (as_of_date, user_id)
where intent.as_of_date = (select newest.as_of_date from reporting.newest_day as newest)
group by intent.band, personas.persona, profiles.age_group, coalesce(profiles.gender, 'unknown');

-- grain: one row per reason, direction and persona; reasons are for buying where a customer is likelier to buy than those the
-- model learned from, which models trained before this was recorded do not tell
create view reporting.intent_reasons as
select
    reasons.reason,
    case
        when intent.probability >= (versions.parameters ->> 'base_rate')::double precision then 'for buying'
        when intent.probability < (versions.parameters ->> 'base_rate')::double precision then 'against buying'
        else 'for or against'
    end as direction,
    personas.persona,
    count(*) as customers
from marts.purchase_intent as intent
inner join marts.personas as personas using (as_of_date, user_id)
inner join ml.model_versions as versions using (model_version)
cross join lateral (values (intent.reason_1), (intent.reason_2), (intent.reason_3)) as reasons (reason)
where
    intent.as_of_date = (select newest.as_of_date from reporting.newest_day as newest)
    and reasons.reason is not null
group by reasons.reason, direction, personas.persona;

-- grain: one row per judgement
create view reporting.gate_decisions as
select
    decision_no,
    decided_for,
    model_version,
    case when passed then 'passed' else 'refused' end as verdict,
    array_to_string(array(select jsonb_array_elements_text(reasons)), ' ') as reasons,
    passed::integer as passed,
    (measurements -> 'accuracy' ->> 'value')::double precision as accuracy,
    jsonb_path_query_first(criteria, '$[*] ? (@.name == "accuracy").limit')::double precision as accuracy_floor,
    (measurements -> 'pr_auc' ->> 'value')::double precision as pr_auc,
    (measurements -> 'brier' ->> 'value')::double precision as brier
from ml.gate_decisions;

-- grain: one row per day served, as last measured
create view reporting.model_accuracy as
select distinct on (served_on)
    served_on,
    measured_for,
    model_version,
    customers,
    positives,
    accuracy * customers as right_customers,
    majority * customers as majority_right,
    accuracy_low,
    accuracy_high,
    pr_auc,
    brier
from ml.live_metrics
where persona = '(all)' and accuracy is not null
order by served_on asc, measured_for desc;

-- grain: one row per day
create view reporting.key_figures as
select
    as_of_date,
    users,
    buyers,
    orders,
    paid_orders,
    gross_revenue::numeric(19, 4) as gross_revenue,
    returns_amount::numeric(19, 4) as returns_amount,
    net_revenue::numeric(19, 4) as net_revenue,
    users_to_date,
    buyers_to_date,
    paid_orders_to_date,
    gross_revenue_to_date::numeric(19, 4) as gross_revenue_to_date
from marts.kpi_daily
where as_of_date <= (select newest.as_of_date from reporting.newest_day as newest);

-- grain: one row per day, span, former and present persona
create view reporting.persona_movement as
select
    as_of_date,
    span,
    from_persona,
    to_persona,
    customers
from marts.persona_movement
where as_of_date <= (select newest.as_of_date from reporting.newest_day as newest);

-- grain: one row per day from the first of January of the first year with figures to the last of December of the newest
create view reporting.dates as
select
    days.day::date as date,
    extract(year from days.day)::integer as year,
    to_char(days.day, 'YYYY "Q"Q') as quarter,
    to_char(days.day, 'Mon YYYY') as month,
    date_trunc('month', days.day)::date as month_start,
    date_trunc('week', days.day)::date as week_start,
    to_char(days.day, 'FMDay') as weekday,
    extract(isodow from days.day)::integer as weekday_order
from (
    select
        min(told.first_on) as first_on,
        max(told.last_on) as last_on
    from (
        select
            min(as_of_date) as first_on,
            max(as_of_date) as last_on
        from reporting.key_figures
        union all
        select
            min(month) as first_on,
            max(month) as last_on
        from reporting.months
        union all
        select
            min(on_day) as first_on,
            max(on_day) as last_on
        from reporting.sales
        union all
        select
            min(cohort_month) as first_on,
            max(cohort_month) as last_on
        from reporting.cohorts
        union all
        select
            min(decided_for) as first_on,
            max(decided_for) as last_on
        from reporting.gate_decisions
        union all
        select
            min(served_on) as first_on,
            max(served_on) as last_on
        from reporting.model_accuracy
    ) as told
) as bounds
cross join lateral generate_series(
    date_trunc('year', bounds.first_on::timestamp),
    date_trunc('year', bounds.last_on::timestamp) + interval '1 year - 1 day',
    interval '1 day'
) as days (day);

-- grain: one row per persona; '(not told)' last
create view reporting.personas as
select
    persona,
    row_number() over (order by persona = '(not told)', persona) as persona_order
from (
    select persona from reporting.customers
    union
    select persona from reporting.months
    union
    select persona from reporting.sales
    union
    select persona from reporting.funnel
    union
    select persona from reporting.visits
    union
    select value as persona from reporting.returns_by_persona
) as told;

-- grain: one row per gender
create view reporting.genders as
select gender from reporting.customers
union
select gender from reporting.months
union
select gender from reporting.sales
union
select gender from reporting.funnel;

-- grain: one row per age group, by age
create view reporting.age_groups as
select
    age_group,
    age_group_order
from (
    values
    ('under 18', 1), ('18-24', 2), ('25-34', 3), ('35-44', 4), ('45-54', 5), ('55-64', 6), ('65+', 7), ('unknown', 8)
) as groups (age_group, age_group_order);

-- grain: one row per segment, from the best pair of scores to the worst, then those without scores
create view reporting.segments as
select
    segment,
    row_number() over (order by place, segment) as segment_order
from (
    select
        segment,
        -avg(r_score + fm_score) as place
    from marts.rfm_segments
    group by segment
    union all
    select
        segment,
        place
    from (values ('insufficient data', 1), ('Prospects', 2), ('(not told)', 3)) as unscored (segment, place)
) as named;

-- grain: one row per category; '(not told)' last
create view reporting.categories as
select
    category,
    row_number() over (order by category = '(not told)', category) as category_order
from (
    select category from reporting.sales_by_category
    union
    select category from reporting.funnel_by_category
    union
    select category from reporting.products
    union
    select value as category from reporting.returns_by_category
) as told;

-- grain: one row per step the shop records
create view reporting.funnel_steps as
select
    named.step,
    named.step_label,
    row_number() over (order by named.place) as step_order
from (
    values
    ('view', 'Viewed', 1),
    ('add_to_cart', 'Added to cart', 2),
    ('checkout', 'Checked out', 3),
    ('placed', 'Ordered', 4),
    ('paid', 'Paid', 5),
    ('kept', 'Kept', 6)
) as named (step, step_label, place)
where named.step in (
    select step from reporting.funnel
    union
    select step from reporting.visits
);
