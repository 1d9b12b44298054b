-- marts.kpi_monthly: the shop's months up to a day, as known on that day (the running month is not over)
-- grain    one row per as_of_date and calendar month; months in which nothing was bought or returned are absent
-- reads    core.orders_as_of, core.returns_as_of
-- rerun    replaces its own as_of_date and touches no other day

delete from marts.kpi_monthly
where as_of_date = %(as_of_date)s::date;

insert into marts.kpi_monthly (
    as_of_date,
    month,
    buyers,
    paid_orders,
    gross_revenue,
    returns_amount,
    net_revenue
)
with

sales as (
    select
        date_trunc('month', ordered_on)::date as month,
        count(distinct user_id) as buyers,
        count(*) as paid_orders,
        sum(gross_amount) as gross_revenue
    from core.orders_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where is_paid
    group by date_trunc('month', ordered_on)::date
),

returns as (
    select
        date_trunc('month', returned_on)::date as month,
        sum(amount) as returns_amount
    from core.returns_as_of(%(as_of_date)s::date, %(known_on)s::date)
    group by date_trunc('month', returned_on)::date
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        month,
        coalesce(sales.buyers, 0) as buyers,
        coalesce(sales.paid_orders, 0) as paid_orders,
        coalesce(sales.gross_revenue, 0) as gross_revenue,
        coalesce(returns.returns_amount, 0) as returns_amount,
        coalesce(sales.gross_revenue, 0) - coalesce(returns.returns_amount, 0) as net_revenue
    from sales
    full outer join returns using (month)
)

select * from final;
