-- marts.dashboard_cube_days: the last 92 days one by one, by category and by what a dashboard filters customers by
-- grain    one row per as_of_date, on_day, persona, age_group, gender and category with a purchase or a return; category
--          also '(all)'
-- reads    marts.customer_profile, marts.personas, core.products_as_of; of 92 days core.user_days, core.orders_as_of,
--          core.order_products_as_of, core.return_products_as_of
-- rerun    replaces its own as_of_date and touches no other day
-- adds up  over days, personas, age groups and genders, but for buyers over days. Of categories, amounts do, and come to
--          those of '(all)'; an order or buyer of two categories counts in both, and once in '(all)', as does an order
--          without lines
-- surprise persona and age group are the customer's on as_of_date. Amounts are on their own day: of the order, and of the
--          return. A returned order is counted on the day of the order; a return dated 92 days ago or more is not seen

with

products as (
    select
        product_id,
        category
    from core.products_as_of(%(known_on)s::date)
),

people as (
    select * from %(people)s
),

came_back as (
    select
        came_back.returned_on as on_day,
        came_back.user_id,
        came_back.order_id,
        coalesce(products.category, '(not told)') as category,
        came_back.is_on_paid_order,
        came_back.amount
    from core.return_products_as_of(%(as_of_date)s::date, %(known_on)s::date) as came_back
    left join products using (product_id)
    where came_back.returned_on > %(as_of_date)s::date - 92
),

returned as (
    select
        order_id,
        array_agg(category) as categories
    from came_back
    where is_on_paid_order and order_id is not null
    group by order_id
),

bought as (
    select
        ordered_on as on_day,
        bought.user_id,
        coalesce(products.category, '(not told)') as category,
        bought.order_id,
        bool_or(coalesce(products.category, '(not told)') = any(returned.categories)) as is_returned,
        sum(bought.amount) as amount
    from core.order_products_as_of(%(as_of_date)s::date, %(known_on)s::date) as bought
    left join products using (product_id)
    left join returned using (order_id)
    where bought.is_paid and bought.ordered_on > %(as_of_date)s::date - 92
    group by bought.ordered_on, bought.user_id, coalesce(products.category, '(not told)'), bought.order_id
),

-- customers in these are one by one, so that each is counted once
activity as (
    select
        on_day,
        user_id,
        '(all)' as category,
        paid_orders,
        0 as returned_orders,
        gross_revenue,
        returns_amount
    from core.user_days
    where
        on_day > %(as_of_date)s::date - 92
        and on_day <= %(as_of_date)s::date
        and known_from <= %(known_on)s::date
        and %(known_on)s::date < known_to
        and (paid_orders > 0 or returns > 0)
    union all
    select
        on_day,
        user_id,
        category,
        count(*) as paid_orders,
        count(*) filter (where is_returned) as returned_orders,
        sum(amount) as gross_revenue,
        0 as returns_amount
    from bought
    group by on_day, user_id, category
    union all
    select
        orders.ordered_on as on_day,
        orders.user_id,
        '(all)' as category,
        0 as paid_orders,
        count(*) as returned_orders,
        0 as gross_revenue,
        0 as returns_amount
    from core.orders_as_of(%(as_of_date)s::date, %(known_on)s::date) as orders
    inner join returned using (order_id)
    where orders.is_paid and orders.ordered_on > %(as_of_date)s::date - 92
    group by orders.ordered_on, orders.user_id
    union all
    select
        on_day,
        user_id,
        category,
        0 as paid_orders,
        0 as returned_orders,
        0 as gross_revenue,
        amount as returns_amount
    from came_back
),

sums as (
    select
        activity.on_day,
        activity.category,
        people.cell,
        count(*) filter (where activity.paid_orders > 0) as buyers,
        sum(activity.paid_orders) as paid_orders,
        sum(activity.returned_orders) as returned_orders,
        sum(activity.gross_revenue) as gross_revenue,
        sum(activity.returns_amount) as returns_amount
    from activity
    left join people using (user_id)
    group by activity.on_day, activity.category, people.cell
),

cells as (
    select distinct
        cell,
        persona,
        age_group,
        gender
    from people
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        on_day,
        coalesce(cells.persona, '(not told)') as persona,
        coalesce(cells.age_group, 'unknown') as age_group,
        coalesce(cells.gender, 'unknown') as gender,
        category,
        buyers,
        paid_orders,
        returned_orders,
        gross_revenue,
        returns_amount,
        gross_revenue - returns_amount as net_revenue
    from sums
    left join cells using (cell)
)

select * from final;
