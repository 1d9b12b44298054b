-- warn: Views of the day name a product no products file has told of.
-- grain    one row per day and product, with how many views name it
-- reads    the many views last: where every product is known, they are not looked at

with

told as (
    select
        product_id,
        min(known_from) as told_on
    from core.products
    group by product_id
),

strangers as materialized ( -- where there are none, the views are not read at all
    select
        mentions.product_id,
        coalesce(told.told_on, 'infinity') as told_on
    from core.product_mentions as mentions
    left join told on mentions.product_id = told.product_id
    where
        mentions.file = 'product_views'
        and mentions.mentioned_on && daterange(%(first_day)s::date, %(as_of_date)s::date, '[]')
        and (told.told_on is null or told.told_on > %(first_day)s::date)
)

select
    views.known_from as as_of_date,
    views.product_id as key,
    count(*) as row_count
from strangers
inner join core.product_views as views
    on strangers.product_id = views.product_id and strangers.told_on > views.known_from
where views.known_from between %(first_day)s::date and %(as_of_date)s::date
group by views.known_from, views.product_id
