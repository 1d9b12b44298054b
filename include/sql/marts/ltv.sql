-- marts.ltv: what a customer has been worth so far
-- grain    one row per user with a paid order or a return, per as_of_date; the sums over all rows are the shop's totals
-- reads    core.customers_as_of
-- rerun    replaces its own as_of_date and touches no other day

with

customers as (
    select
        user_id,
        first_paid_on,
        gross_revenue,
        returns_amount,
        net_revenue,
        paid_orders,
        -- age() counts years apart from months: both are needed, or a year and a day would be no month at all
        (
            extract(year from age(%(as_of_date)s::date, first_paid_on)) * 12
            + extract(month from age(%(as_of_date)s::date, first_paid_on))
        )::integer as tenure_months
    from core.customers_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where paid_orders > 0 or returns > 0
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        user_id,
        first_paid_on,
        gross_revenue,
        returns_amount,
        net_revenue,
        paid_orders,
        tenure_months,
        -- a tenure below one month counts as one: a week's revenue is no monthly rate
        net_revenue / greatest(tenure_months, 1) as monthly_value
    from customers
)

select * from final;
