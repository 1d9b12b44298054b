-- marts.persona_outcomes: what customers did in the last 28 days, by the persona they had on the eve of these days
-- grain    one row per as_of_date, persona and measure
-- reads    personas_before (a temporary table: the personas of the eve, by personapulse/insights/outcomes.py),
--          marts.personas; of 28 days core.user_days, core.orders_as_of, core.return_products_as_of,
--          core.events_as_of
-- rerun    replaces its own as_of_date and touches no other day
-- why      A persona is decided by what its customers did. Who returned much is a returner by name, and comparing
--          returners with others over the same days proves nothing. Over days that came after it does: if the past says
--          nothing of a customer, personas do not differ there but by chance.
-- sums     Each customer gives a measure two numbers x and y, and its ratio is the sum of x over the sum of y: returned
--          orders / paid orders. Sums of their squares and cubes give the ratio's error with customers, not orders, as
--          what varies: orders of one customer are alike.

with

members as (
    select
        user_id,
        persona,
        has_bought
    from personas_before
),

known_days as (
    select
        user_id,
        contacts,
        paid_orders,
        gross_revenue - returns_amount as net_revenue
    from core.user_days
    where
        on_day > %(as_of_date)s::date - 28
        and on_day <= %(as_of_date)s::date
        and known_from <= %(known_on)s::date
        and %(known_on)s::date < known_to
),

sales as (
    select
        user_id,
        sum(contacts) as contacts,
        sum(paid_orders) as paid_orders,
        sum(net_revenue) as net_revenue
    from known_days
    group by user_id
),

returned as (
    select distinct
        user_id,
        order_id
    from core.return_products_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where order_id is not null and returned_on > %(as_of_date)s::date - 28
),

comebacks as (
    select
        user_id,
        count(*) as returned_orders
    from core.orders_as_of(%(as_of_date)s::date, %(known_on)s::date)
    inner join returned using (user_id, order_id)
    where is_paid and ordered_on > %(as_of_date)s::date - 28
    group by user_id
),

-- a visit is a session; where the events name none, a customer's day
looks as (
    select
        user_id,
        coalesce(nullif(session_id, ''), on_day::text) as visit,
        min(viewed_at) filter (where event_type = 'view') as viewed_at,
        max(viewed_at) filter (where event_type = 'add_to_cart') as carted_at
    from core.events_as_of(%(as_of_date)s::date - 27, %(as_of_date)s::date, %(known_on)s::date, %(time_zone)s)
    group by user_id, coalesce(nullif(session_id, ''), on_day::text)
),

recorded as (
    select max(carted_at) is not null as has_carts
    from looks
),

visits as (
    select
        user_id,
        count(*) as visits,
        count(*) filter (where carted_at is null or carted_at < viewed_at) as lost_visits
    from looks
    where viewed_at is not null
    group by user_id
),

customers as (
    select
        members.persona,
        members.has_bought::integer as has_bought,
        coalesce(sales.contacts, 0) as contacts,
        coalesce(sales.paid_orders, 0) as paid_orders,
        coalesce(sales.net_revenue, 0) as net_revenue,
        coalesce(comebacks.returned_orders, 0) as returned_orders,
        case when recorded.has_carts then coalesce(visits.visits, 0) else 0 end as visits,
        coalesce(visits.lost_visits, 0) as lost_visits,
        (personas.persona is distinct from members.persona)::integer as has_left
    from members
    cross join recorded
    left join sales using (user_id)
    left join comebacks using (user_id)
    left join visits using (user_id)
    left join (
        select
            user_id,
            persona
        from marts.personas
        where as_of_date = %(as_of_date)s::date
    ) as personas using (user_id)
),

-- most customers did nothing, or the same as many others: those who are alike are multiplied once
alike as (
    select
        persona,
        has_bought,
        contacts,
        paid_orders,
        net_revenue,
        returned_orders,
        visits,
        lost_visits,
        has_left,
        count(*) as customers
    from customers
    group by
        persona, has_bought, contacts, paid_orders, net_revenue, returned_orders, visits, lost_visits, has_left
),

arrivals as (
    select
        personas.persona,
        (members.persona is distinct from personas.persona)::integer as has_joined,
        (members.persona is null)::integer as is_new,
        count(*) as customers
    from marts.personas as personas
    left join members using (user_id)
    where personas.as_of_date = %(as_of_date)s::date and exists (select from personas_before)
    group by
        personas.persona, (members.persona is distinct from personas.persona)::integer,
        (members.persona is null)::integer
),

measured as (
    select
        alike.persona,
        alike.customers,
        measures.measure,
        measures.numerator,
        measures.denominator
    from alike
    cross join
        lateral (
            values
            ('has_bought', alike.has_bought::numeric, 1::numeric),
            ('net_revenue', alike.net_revenue, 1),
            ('contacts', alike.contacts, 1),
            ('left', alike.has_left, 1),
            ('returned_orders', alike.returned_orders, alike.paid_orders),
            ('net_per_order', alike.net_revenue, alike.paid_orders),
            ('lost_visits', alike.lost_visits, alike.visits),
            ('bought_again', (alike.paid_orders > 0)::integer * alike.has_bought, alike.has_bought)
        ) as measures (measure, numerator, denominator)
    where measures.denominator > 0
    union all
    -- who has come to a persona since, from another one or new to the shop, and who of them is new
    select
        arrivals.persona,
        arrivals.customers,
        measures.measure,
        measures.numerator,
        1 as denominator
    from arrivals
    cross join
        lateral (
            values ('joined', arrivals.has_joined), ('new', arrivals.is_new)
        ) as measures (measure, numerator)
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        persona,
        measure,
        %(as_of_date)s::date - 28 as sorted_on,
        sum(customers) as customers,
        sum(customers * numerator) as numerator,
        sum(customers * denominator) as denominator,
        sum(customers * numerator) / sum(customers * denominator) as ratio,
        sum(customers * numerator * numerator) as sum_xx,
        sum(customers * numerator * denominator) as sum_xy,
        sum(customers * denominator * denominator) as sum_yy,
        sum(customers * numerator * numerator * numerator) as sum_xxx,
        sum(customers * numerator * numerator * denominator) as sum_xxy,
        sum(customers * numerator * denominator * denominator) as sum_xyy,
        sum(customers * denominator * denominator * denominator) as sum_yyy
    from measured
    group by persona, measure
)

select * from final;
