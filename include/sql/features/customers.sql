-- ml.features: what is known of a customer on the evening of a day, as a model learns and scores it
-- grain    one row per as_of_date and user known on it: those of customer_profile
-- reads    customer_profile_aside and personas_aside (temporary tables: the day as known that night, by
--          personapulse/marts/aside.py); of 7 days core.events_as_of, of 30 core.user_days, of 91
--          core.order_products_as_of, of 182 core.orders_as_of; of 8 weeks a year ago core.user_days
-- rerun    replaces its own as_of_date and touches no other day
-- absent   null is what never happened, or lies before the window, or is not recorded by the shop; a count is 0 where the
--          shop records it and it did not happen
-- surprise who knows more later changes nothing here: known_on is always as_of_date

with

recent_days as (
    select
        user_id,
        %(as_of_date)s::date - days.on_day as days_ago,
        days.views::integer as views,
        days.add_to_carts::integer as add_to_carts,
        days.checkouts::integer as checkouts,
        days.contacts::integer as contacts,
        days.returns::integer as returns,
        (days.orders - days.paid_orders)::integer as unpaid_orders,
        days.views + days.add_to_carts + days.checkouts > 0 as is_visit,
        -- of a day with an order nobody can say what came before it and what after
        coalesce(days.on_day > profiles.last_paid_on, true) as is_since_order
    from core.user_days as days
    inner join customer_profile_aside as profiles using (user_id)
    where
        days.on_day > %(as_of_date)s::date - 30
        and days.on_day <= %(as_of_date)s::date
        and days.known_from <= %(known_on)s::date
        and %(known_on)s::date < days.known_to
),

recent as (
    select
        user_id,
        sum(views) filter (where days_ago = 0) as views_1_day,
        sum(views) filter (where days_ago < 7) as views_7_days,
        sum(views) as views_30_days,
        sum(add_to_carts) filter (where days_ago = 0) as carts_1_day,
        sum(add_to_carts) filter (where days_ago < 7) as carts_7_days,
        sum(add_to_carts) as carts_30_days,
        sum(checkouts) filter (where days_ago = 0) as checkouts_1_day,
        sum(checkouts) filter (where days_ago < 7) as checkouts_7_days,
        sum(checkouts) as checkouts_30_days,
        count(*) filter (where is_visit and days_ago < 7) as visit_days_7_days,
        count(*) filter (where is_visit) as visit_days_30_days,
        count(*) filter (where is_visit and is_since_order) as visit_days_since_order,
        min(days_ago) filter (where is_visit) as days_since_visit,
        sum(add_to_carts) filter (where is_since_order) as carts_since_order,
        min(days_ago) filter (where add_to_carts > 0) as days_since_cart,
        sum(unpaid_orders) as unpaid_orders_30_days,
        sum(unpaid_orders) filter (where is_since_order) as unpaid_orders_since_order,
        sum(returns) as returns_30_days,
        sum(contacts) filter (where days_ago < 7) as contacts_7_days,
        sum(contacts) as contacts_30_days,
        min(days_ago) filter (where contacts > 0) as days_since_contact
    from recent_days
    group by user_id
),

purchase_days as (
    select
        user_id,
        ordered_on,
        count(*)::integer as orders,
        sum(gross_amount) as gross_revenue
    from core.orders_as_of(%(as_of_date)s::date, %(known_on)s::date)
    where is_paid and ordered_on > %(as_of_date)s::date - 182
    group by user_id, ordered_on
),

gaps as (
    select
        *,
        ordered_on - lag(ordered_on) over by_day as gap_days,
        lead(ordered_on) over by_day is null as is_last
    from purchase_days
    window by_day as (partition by user_id order by ordered_on)
),

purchases as (
    select
        user_id,
        sum(orders) filter (where ordered_on > %(as_of_date)s::date - 30) as orders_30_days,
        sum(orders) filter (where ordered_on > %(as_of_date)s::date - 91) as orders_91_days,
        sum(gross_revenue) filter (where ordered_on > %(as_of_date)s::date - 91) as revenue_91_days,
        max(gap_days) filter (where is_last) as last_gap_days,
        min(gap_days) as shortest_gap_days,
        count(gap_days) as gaps,
        sum(gap_days) as gap_sum,
        sum(gap_days * gap_days) as gap_squares
    from gaps
    group by user_id
),

catalogue as (
    select
        product_id,
        category,
        price / nullif(avg(price) over (partition by category), 0) as price_level
    from core.products
    where known_from <= %(known_on)s::date and %(known_on)s::date < known_to and category is not null
),

categories_bought as (
    select
        bought.user_id,
        catalogue.category,
        count(*) as products
    from core.order_products_as_of(%(as_of_date)s::date, %(known_on)s::date) as bought
    inner join catalogue using (product_id)
    where bought.is_paid and bought.ordered_on > %(as_of_date)s::date - 91
    group by bought.user_id, catalogue.category
),

tastes as (
    select
        user_id,
        count(*) as categories,
        max(category) filter (where place = 1) as favourite_category
    from (
        select
            *,
            row_number() over (partition by user_id order by products desc, category asc) as place
        from categories_bought
    ) as ranked
    group by user_id
),

looked_at as (
    select
        user_id,
        product_id,
        count(*) as views
    from core.events_as_of(%(as_of_date)s::date - 6, %(as_of_date)s::date, %(known_on)s::date, %(time_zone)s)
    where event_type = 'view'
    group by user_id, product_id
),

interests as (
    select
        looked_at.user_id,
        count(*) as products,
        count(distinct catalogue.category) as categories,
        max(looked_at.views) as most_views,
        avg(catalogue.price_level) as price_level
    from looked_at
    left join catalogue using (product_id)
    group by looked_at.user_id
),

-- what came a year ago, to the weekday, where the shop has been delivering since before that
history as (
    select coalesce(min(known_from) <= %(as_of_date)s::date - 391, false) as has_year
    from core.deliveries
),

year_ago as (
    select
        days.user_id,
        sum(days.paid_orders::integer) filter (where days.on_day <= %(as_of_date)s::date - 364) as orders_before,
        sum(days.paid_orders::integer) filter (where days.on_day > %(as_of_date)s::date - 364) as orders_after
    from core.user_days as days
    inner join history on history.has_year
    where
        days.on_day > %(as_of_date)s::date - 392
        and days.on_day <= %(as_of_date)s::date - 336
        and days.known_from <= %(known_on)s::date
        and %(known_on)s::date < days.known_to
    group by days.user_id
),

season as (
    select sum(orders_after)::double precision / nullif(sum(orders_before), 0) as orders_ahead
    from year_ago
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        user_id,
        profiles.recency_days,
        profiles.idle_days,
        profiles.days_known,
        profiles.paid_orders,
        coalesce(purchases.orders_30_days, 0) as orders_30_days,
        coalesce(purchases.orders_91_days, 0) as orders_91_days,
        coalesce(purchases.orders_30_days, 0)::double precision / nullif(purchases.orders_91_days, 0) as orders_trend,
        profiles.orders_per_30_days,
        profiles.net_revenue,
        coalesce(purchases.revenue_91_days, 0) as revenue_91_days,
        profiles.average_order_value,
        profiles.products_per_order,
        profiles.days_between_orders,
        purchases.last_gap_days,
        purchases.shortest_gap_days,
        -- standard deviation over mean, from whole numbers: the same to the last digit in whatever order they are added
        sqrt(
            (purchases.gaps * purchases.gap_squares - purchases.gap_sum * purchases.gap_sum)::double precision
            / nullif(purchases.gaps * (purchases.gaps - 1), 0)
        ) * purchases.gaps / purchases.gap_sum as gap_spread,
        profiles.recency_days / nullif(profiles.days_between_orders, 0) as overdue,
        case when %(has_views)s then coalesce(recent.views_1_day, 0) end as views_1_day,
        case when %(has_views)s then coalesce(recent.views_7_days, 0) end as views_7_days,
        case when %(has_views)s then coalesce(recent.views_30_days, 0) end as views_30_days,
        coalesce(recent.views_7_days, 0)::double precision / nullif(recent.views_30_days, 0) as views_trend,
        case when profiles.add_to_carts is not null then coalesce(recent.carts_1_day, 0) end as carts_1_day,
        case when profiles.add_to_carts is not null then coalesce(recent.carts_7_days, 0) end as carts_7_days,
        case when profiles.add_to_carts is not null then coalesce(recent.carts_30_days, 0) end as carts_30_days,
        coalesce(recent.carts_7_days, 0)::double precision / nullif(recent.carts_30_days, 0) as carts_trend,
        case when profiles.checkouts is not null then coalesce(recent.checkouts_1_day, 0) end as checkouts_1_day,
        case when profiles.checkouts is not null then coalesce(recent.checkouts_7_days, 0) end as checkouts_7_days,
        case when profiles.checkouts is not null then coalesce(recent.checkouts_30_days, 0) end as checkouts_30_days,
        coalesce(recent.checkouts_7_days, 0)::double precision / nullif(recent.checkouts_30_days, 0) as checkouts_trend,
        case when %(has_views)s then coalesce(recent.visit_days_7_days, 0) end as visit_days_7_days,
        case when %(has_views)s then coalesce(recent.visit_days_30_days, 0) end as visit_days_30_days,
        case when %(has_views)s then coalesce(recent.visit_days_since_order, 0) end as visit_days_since_order,
        recent.days_since_visit,
        case when profiles.add_to_carts is not null then coalesce(recent.carts_since_order, 0) end as carts_since_order,
        recent.days_since_cart,
        case when %(has_views)s then coalesce(interests.products, 0) end as products_viewed_7_days,
        case when %(has_views)s then coalesce(interests.categories, 0) end as categories_viewed_7_days,
        case when %(has_views)s then coalesce(interests.most_views, 0) end as most_views_of_one_7_days,
        interests.price_level as price_level_viewed_7_days,
        profiles.price_level as price_level_bought_91_days,
        coalesce(tastes.categories, 0) as categories_bought_91_days,
        tastes.favourite_category,
        profiles.return_rate,
        coalesce(recent.returns_30_days, 0) as returns_30_days,
        profiles.unpaid_orders,
        coalesce(recent.unpaid_orders_30_days, 0) as unpaid_orders_30_days,
        coalesce(recent.unpaid_orders_since_order, 0) as unpaid_orders_since_order,
        case when %(has_contacts)s then coalesce(recent.contacts_7_days, 0) end as contacts_7_days,
        case when %(has_contacts)s then coalesce(recent.contacts_30_days, 0) end as contacts_30_days,
        case when %(has_contacts)s then recent.days_since_contact end as days_since_contact,
        profiles.age,
        profiles.gender,
        personas.persona,
        season.orders_ahead as season_ahead,
        case when history.has_year then coalesce(year_ago.orders_after, 0) end as orders_after_a_year_ago,
        profiles.age_group
    from customer_profile_aside as profiles
    cross join history
    cross join season
    left join personas_aside as personas using (user_id)
    left join recent using (user_id)
    left join purchases using (user_id)
    left join tastes using (user_id)
    left join interests using (user_id)
    left join year_ago using (user_id)
)

select * from final;
