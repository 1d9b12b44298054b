-- marts.ltv: what a customer has been worth so far
-- grain    one row per user with a paid order or a return, per as_of_date; the sums over all rows are the shop's totals
-- reads    core.orders_as_of, core.returns_as_of
-- rerun    replaces its own as_of_date and touches no other day

delete from marts.ltv
where as_of_date = %(as_of_date)s::date;

insert into marts.ltv (
    as_of_date,
    user_id,
    first_paid_on,
    gross_revenue,
    returns_amount,
    net_revenue,
    paid_orders,
    tenure_months,
    monthly_value
)
with

sales as (
    select
        user_id,
        min(ordered_on) as first_paid_on,
        sum(gross_amount) as gross_revenue,
        count(*) as paid_orders
    from core.orders_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where is_paid
    group by user_id
),

returns as (
    select
        user_id,
        sum(amount) as returns_amount
    from core.returns_as_of(%(as_of_date)s::date, %(known_on)s::date)
    group by user_id
),

customers as (
    select
        user_id,
        sales.first_paid_on,
        coalesce(sales.gross_revenue, 0) as gross_revenue,
        coalesce(returns.returns_amount, 0) as returns_amount,
        coalesce(sales.paid_orders, 0) as paid_orders,
        -- age() counts years apart from months: both are needed, or a year and a day would be no month at all
        (
            extract(year from age(%(as_of_date)s::date, sales.first_paid_on)) * 12
            + extract(month from age(%(as_of_date)s::date, sales.first_paid_on))
        )::integer as tenure_months
    from sales
    full outer join returns using (user_id)
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        user_id,
        first_paid_on,
        gross_revenue,
        returns_amount,
        gross_revenue - returns_amount as net_revenue,
        paid_orders,
        tenure_months,
        -- a tenure below one month counts as one: a week's revenue is no monthly rate
        (gross_revenue - returns_amount) / greatest(tenure_months, 1) as monthly_value
    from customers
)

select * from final;
