-- insights/second_order: who of the first-time buyers of two periods ordered again within 28 days
-- grain    one row per period of 28 days; none if the data begin less than 56 days before the first of them, for then
--          customers of old seem new
-- reads    marts.customer_profile, core.orders_as_of

with

newcomers as (
    select
        user_id,
        first_paid_on,
        case when first_paid_on > %(as_of_date)s::date - 56 then 'recent' else 'before' end as period
    from marts.customer_profile
    where
        as_of_date = %(as_of_date)s::date
        and first_paid_on > %(as_of_date)s::date - 84
        and first_paid_on <= %(as_of_date)s::date - 28
        and (
            select min(others.first_paid_on)
            from marts.customer_profile as others
            where others.as_of_date = %(as_of_date)s::date
        ) <= %(as_of_date)s::date - 140
),

again as (
    select
        newcomers.user_id,
        count(*) as orders
    from newcomers
    inner join core.orders_as_of(%(as_of_date)s::date, %(known_on)s::date) as orders using (user_id)
    where
        orders.is_paid
        and orders.ordered_on > %(as_of_date)s::date - 84
        and orders.ordered_on <= newcomers.first_paid_on + 28
    group by newcomers.user_id
)

select
    newcomers.period,
    count(*) as customers,
    count(*) filter (where again.orders > 1) as ordered_again
from newcomers
inner join again using (user_id)
group by newcomers.period
order by newcomers.period desc
