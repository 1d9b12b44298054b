-- What the Power BI model imports (include/powerbi.yaml): views of the newest day that is built, in which customers are sums,
-- or numbers that lead to nobody. Whoever may read this schema and no other sees no personal data:
--     grant usage on schema reporting to <role>; grant select on all tables in schema reporting to <role>;
-- Money is numeric(19, 4) and shares are double precision, as Power BI keeps them; '(all)' is left out, for sums say it,
-- but where they would count customers twice.

create schema reporting;
comment on schema reporting is 'What dashboards outside import: the newest day, without personal data.';

-- grain: one row; marts that are built first and last hold the day, so that a night half built is not shown
create view reporting.newest_day as
select max(kpis.as_of_date) as as_of_date
from marts.kpi_daily as kpis
where
    exists (select from marts.dashboard_cube_customers as customers where customers.as_of_date = kpis.as_of_date)
    and exists (select from marts.insights as insights where insights.as_of_date = kpis.as_of_date);

-- grain: one row per persona, segment, age group and gender
create view reporting.customers as
select
    persona,
    segment,
    age_group,
    gender,
    customers,
    buyers,
    repeat_buyers,
    orders,
    paid_orders,
    returned_orders,
    recency_days,
    gross_revenue::numeric(19, 4) as gross_revenue,
    returns_amount::numeric(19, 4) as returns_amount,
    net_revenue::numeric(19, 4) as net_revenue
from marts.dashboard_cube_customers
where as_of_date = (select newest.as_of_date from reporting.newest_day as newest);

-- grain: one row per buyer, under a number that is another tomorrow
create view reporting.buyers as
select
    row_number() over (order by md5(rfm.as_of_date || rfm.user_id), rfm.user_id) as buyer,
    personas.persona,
    rfm.segment,
    profiles.age_group,
    coalesce(profiles.gender, 'unknown') as gender,
    rfm.recency_days,
    rfm.frequency,
    rfm.monetary::numeric(19, 4) as monetary,
    rfm.r_score,
    rfm.f_score,
    rfm.m_score,
    ltv.tenure_months,
    ltv.monthly_value::numeric(19, 4) as monthly_value,
    predicted.probability_alive,
    predicted.expected_value_12_months::numeric(19, 4) as expected_value_12_months,
    predicted.lifetime_value::numeric(19, 4) as lifetime_value,
    intent.probability::double precision as probability,
    intent.band
from marts.rfm as rfm
inner join marts.personas as personas using (as_of_date, user_id)
inner join marts.customer_profile as profiles using (as_of_date, user_id)
left join marts.ltv as ltv using (as_of_date, user_id)
left join marts.ltv_predicted as predicted using (as_of_date, user_id)
left join marts.purchase_intent as intent using (as_of_date, user_id)
where rfm.as_of_date = (select newest.as_of_date from reporting.newest_day as newest);

-- grain: one row per month, persona, age group and gender
create view reporting.months as
select
    month,
    persona,
    age_group,
    gender,
    is_all_before,
    buyers,
    paid_orders,
    returns,
    gross_revenue::numeric(19, 4) as gross_revenue,
    returns_amount::numeric(19, 4) as returns_amount,
    net_revenue::numeric(19, 4) as net_revenue
from marts.dashboard_cube_months
where as_of_date = (select newest.as_of_date from reporting.newest_day as newest);

-- grain: one row per day, persona, age group and gender
create view reporting.sales as
select
    on_day,
    persona,
    age_group,
    gender,
    buyers,
    paid_orders,
    returned_orders,
    gross_revenue::numeric(19, 4) as gross_revenue,
    returns_amount::numeric(19, 4) as returns_amount,
    net_revenue::numeric(19, 4) as net_revenue
from marts.dashboard_cube_days
where as_of_date = (select newest.as_of_date from reporting.newest_day as newest) and category = '(all)';

-- grain: one row per day, category, persona, age group and gender
create view reporting.sales_by_category as
select
    on_day,
    category,
    persona,
    age_group,
    gender,
    buyers,
    paid_orders,
    returned_orders,
    gross_revenue::numeric(19, 4) as gross_revenue,
    returns_amount::numeric(19, 4) as returns_amount,
    net_revenue::numeric(19, 4) as net_revenue
from marts.dashboard_cube_days
where as_of_date = (select newest.as_of_date from reporting.newest_day as newest) and category <> '(all)';

-- grain: one row per step, persona, age group and gender
create view reporting.funnel as
select
    step,
    persona,
    age_group,
    gender,
    users,
    users_by_any_path
from marts.dashboard_cube_funnel
where as_of_date = (select newest.as_of_date from reporting.newest_day as newest) and category = '(all)';

-- grain: one row per step, category, persona, age group and gender
create view reporting.funnel_by_category as
select
    step,
    category,
    persona,
    age_group,
    gender,
    users,
    users_by_any_path
from marts.dashboard_cube_funnel
where as_of_date = (select newest.as_of_date from reporting.newest_day as newest) and category <> '(all)';

-- grain: one row per step and persona
create view reporting.visits as
select
    step,
    persona,
    sessions
from marts.funnel_sessions
where
    as_of_date = (select newest.as_of_date from reporting.newest_day as newest)
    and category = '(all)'
    and persona <> '(all)';

-- grain: one row per product
create view reporting.products as
select
    product_id,
    coalesce(name, product_id) as name,
    coalesce(category, '(not told)') as category,
    price::numeric(19, 4) as price,
    paid_orders,
    units::double precision as units,
    gross_revenue::numeric(19, 4) as gross_revenue,
    returns_amount::numeric(19, 4) as returns_amount,
    net_revenue::numeric(19, 4) as net_revenue,
    returned_orders,
    recent_views,
    recent_viewers,
    recent_buyers
from marts.product_performance
where as_of_date = (select newest.as_of_date from reporting.newest_day as newest);

-- grain: one row per dimension and value: the views below are one dimension each
create view reporting.returns as
select
    dimension,
    value,
    paid_orders,
    returned_orders,
    matured_orders,
    matured_returned_orders,
    returns,
    returns_amount::numeric(19, 4) as returns_amount
from marts.returns
where as_of_date = (select newest.as_of_date from reporting.newest_day as newest);

-- grain: one row per persona
create view reporting.returns_by_persona as
select * from reporting.returns
where dimension = 'persona';

-- grain: one row per category
create view reporting.returns_by_category as
select * from reporting.returns
where dimension = 'category';

-- grain: one row per reason
create view reporting.return_reasons as
select * from reporting.returns
where dimension = 'reason';

-- grain: one row per month of the first paid order and calendar month from then on
create view reporting.cohorts as
select
    cohort_month,
    months_since,
    is_complete,
    customers,
    buyers,
    paid_orders,
    gross_revenue::numeric(19, 4) as gross_revenue,
    returns_amount::numeric(19, 4) as returns_amount,
    net_revenue::numeric(19, 4) as net_revenue,
    net_revenue_to_date::numeric(19, 4) as net_revenue_to_date
from marts.cohorts
where as_of_date = (select newest.as_of_date from reporting.newest_day as newest);

-- grain: one row per insight that may be said
create view reporting.insights as
select
    rank,
    priority,
    subject,
    subject_type,
    sentence,
    kind,
    sample_size
from marts.insights
where as_of_date = (select newest.as_of_date from reporting.newest_day as newest) and status = 'said';
