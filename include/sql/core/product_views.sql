-- moves: of events, views apart from carts and checkouts
-- grain    one row per user, shop day and source day
-- reads    events: a partition of core.product_views, or twins (both with known_on)
-- sign     1 for events that are told, -1 for those taken back

insert into moves (on_day, user_id, known_on, views, add_to_carts, checkouts)
select
    (viewed_at at time zone %(time_zone)s)::date as on_day,
    user_id,
    known_on,
    %(sign)s * count(*) filter (where event_type = 'view') as views,
    %(sign)s * count(*) filter (where event_type = 'add_to_cart') as add_to_carts,
    %(sign)s * count(*) filter (where event_type = 'checkout') as checkouts
from %(events)s
group by (viewed_at at time zone %(time_zone)s)::date, user_id, known_on;
