-- marts.dashboard_cube_reach: different customers who looked and who bought lately, which do not add up over days
-- grain    one row per as_of_date, period_days (7 and 28), category, persona, age_group and gender with a viewer or buyer;
--          category also '(all)'
-- reads    marts.customer_profile, marts.personas, core.products_as_of; of 28 days core.user_days, core.events_as_of,
--          core.order_products_as_of
-- rerun    replaces its own as_of_date and touches no other day
-- adds up  over personas, age groups and genders. Not over categories: who bought of two counts in both, and once in '(all)'

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

-- when a customer last looked or bought says in which periods they did
looked as (
    select
        events.user_id,
        coalesce(events.category, products.category, '(not told)') as category,
        max(events.on_day) as last_on
    from core.events_as_of(%(as_of_date)s::date - 27, %(as_of_date)s::date, %(known_on)s::date, %(time_zone)s) as events
    left join products using (product_id)
    where events.event_type = 'view'
    group by events.user_id, coalesce(events.category, products.category, '(not told)')
),

bought as (
    select
        bought.user_id,
        coalesce(products.category, '(not told)') as category,
        max(bought.ordered_on) as last_on
    from core.order_products_as_of(%(as_of_date)s::date, %(known_on)s::date) as bought
    left join products using (product_id)
    where bought.is_paid and bought.ordered_on > %(as_of_date)s::date - 28
    group by bought.user_id, coalesce(products.category, '(not told)')
),

-- an order without lines has no category, and counts here
days as (
    select
        user_id,
        max(case when views > 0 then on_day end) as last_view_on,
        max(case when paid_orders > 0 then on_day end) as last_paid_on
    from core.user_days
    where
        on_day > %(as_of_date)s::date - 28
        and on_day <= %(as_of_date)s::date
        and known_from <= %(known_on)s::date
        and %(known_on)s::date < known_to
    group by user_id
),

reached as (
    select
        user_id,
        category,
        'viewer' as kind,
        last_on
    from looked
    union all
    select
        user_id,
        category,
        'buyer' as kind,
        last_on
    from bought
    union all
    select
        user_id,
        '(all)' as category,
        'viewer' as kind,
        last_view_on as last_on
    from days
    where last_view_on is not null
    union all
    select
        user_id,
        '(all)' as category,
        'buyer' as kind,
        last_paid_on as last_on
    from days
    where last_paid_on is not null
),

sums as (
    select
        periods.period_days,
        reached.category,
        coalesce(min(people.persona), '(not told)') as persona,
        coalesce(min(people.age_group), 'unknown') as age_group,
        coalesce(min(people.gender), 'unknown') as gender,
        count(*) filter (where reached.kind = 'viewer') as viewers,
        count(*) filter (where reached.kind = 'buyer') as buyers
    from reached
    cross join (values (7), (28)) as periods (period_days)
    left join people using (user_id)
    where
        reached.last_on > %(as_of_date)s::date - periods.period_days
        and (%(has_views)s or reached.kind = 'buyer')
    group by periods.period_days, reached.category, people.cell
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        period_days,
        category,
        persona,
        age_group,
        gender,
        case when %(has_views)s then viewers end as viewers,
        buyers
    from sums
)

select * from final;
