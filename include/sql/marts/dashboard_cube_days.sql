-- marts.dashboard_cube_days: the last 92 days one by one, by persona and category
-- grain    one row per as_of_date, on_day, persona and category with a purchase or a return; category also '(all)'
-- reads    marts.personas, core.products_as_of; of 92 days core.user_days, core.order_products_as_of,
--          core.return_products_as_of
-- rerun    replaces its own as_of_date and touches no other day
-- adds up  over days and personas, but for buyers over days. Of categories, amounts do, and come to those of '(all)'; an
--          order or buyer of two categories counts in both, and once in '(all)', as does an order without lines
-- surprise a persona is the customer's on as_of_date. Amounts are on their own day: of the order, and of the return

with

products as (
    select
        product_id,
        category
    from core.products_as_of(%(known_on)s::date)
),

personas as (
    select
        user_id,
        persona
    from marts.personas
    where as_of_date = %(as_of_date)s::date
),

bought as (
    select
        ordered_on as on_day,
        bought.user_id,
        coalesce(products.category, '(not told)') as category,
        bought.order_id,
        sum(bought.amount) as amount
    from core.order_products_as_of(%(as_of_date)s::date, %(known_on)s::date) as bought
    left join products using (product_id)
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
        sum(amount) as gross_revenue,
        0 as returns_amount
    from bought
    group by on_day, user_id, category
    union all
    select
        came_back.returned_on as on_day,
        came_back.user_id,
        coalesce(products.category, '(not told)') as category,
        0 as paid_orders,
        0 as gross_revenue,
        came_back.amount as returns_amount
    from core.return_products_as_of(%(as_of_date)s::date, %(known_on)s::date) as came_back
    left join products using (product_id)
    where came_back.returned_on > %(as_of_date)s::date - 92
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        activity.on_day,
        coalesce(personas.persona, '(not told)') as persona,
        activity.category,
        count(*) filter (where activity.paid_orders > 0) as buyers,
        sum(activity.paid_orders) as paid_orders,
        sum(activity.gross_revenue) as gross_revenue,
        sum(activity.returns_amount) as returns_amount,
        sum(activity.gross_revenue) - sum(activity.returns_amount) as net_revenue
    from activity
    left join personas using (user_id)
    group by activity.on_day, coalesce(personas.persona, '(not told)'), activity.category
)

select * from final;
