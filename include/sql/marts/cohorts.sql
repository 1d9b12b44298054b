-- marts.cohorts: what became of the customers who first paid in the same month
-- grain    one row per as_of_date, month of the first paid order and calendar month from then on up to as_of_date
-- reads    core.customers_as_of, core.user_months_as_of
-- rerun    replaces its own as_of_date and touches no other day
-- surprise the sums over all rows are the shop's, but for returns by people who never paid: those are in no cohort

with

members as (
    select
        user_id,
        date_trunc('month', first_paid_on)::date as cohort_month
    from core.customers_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where paid_orders > 0
),

cohort_sizes as (
    select
        cohort_month,
        count(*) as customers
    from members
    group by cohort_month
),

-- a month in which nobody of a cohort came back is a row of zeros, not a gap
cohort_months as (
    select
        cohort_sizes.cohort_month,
        cohort_sizes.customers,
        months.month::date as month
    from cohort_sizes
    cross join lateral generate_series(
        cohort_sizes.cohort_month, date_trunc('month', %(as_of_date)s::date)::date, interval '1 month'
    ) as months (month)
),

activity as (
    select
        members.cohort_month,
        -- what came back before the first paid order was known counts in the first month
        greatest(months.month, members.cohort_month) as month,
        count(*) filter (where months.paid_orders > 0) as buyers,
        sum(months.paid_orders) as paid_orders,
        sum(months.gross_revenue) as gross_revenue,
        sum(months.returns_amount) as returns_amount
    from members
    inner join core.user_months_as_of(%(as_of_date)s::date, %(known_on)s::date) as months using (user_id)
    group by members.cohort_month, greatest(months.month, members.cohort_month)
),

filled as (
    select
        cohort_month,
        month,
        cohort_months.customers,
        coalesce(activity.buyers, 0) as buyers,
        coalesce(activity.paid_orders, 0) as paid_orders,
        coalesce(activity.gross_revenue, 0) as gross_revenue,
        coalesce(activity.returns_amount, 0) as returns_amount
    from cohort_months
    left join activity using (cohort_month, month)
),

cumulated as (
    select
        *,
        sum(gross_revenue - returns_amount) over (partition by cohort_month order by month) as net_revenue_to_date
    from filled
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        cohort_month,
        month,
        (
            extract(year from age(month, cohort_month)) * 12 + extract(month from age(month, cohort_month))
        )::integer as months_since,
        (month + interval '1 month')::date <= %(as_of_date)s::date + 1 as is_complete,
        customers,
        buyers,
        buyers::numeric / customers as retention,
        paid_orders,
        gross_revenue,
        returns_amount,
        gross_revenue - returns_amount as net_revenue,
        net_revenue_to_date,
        net_revenue_to_date / customers as net_revenue_per_customer_to_date
    from cumulated
)

select * from final;
