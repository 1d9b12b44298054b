-- states: what is known of the customers of whom this merge tells something, over which source days
-- grain    one row per such user and stretch of source days, from the first one that is new on
-- reads    changes (from user_days.sql, same transaction), core.user_days, core.user_states_newest
-- leaves   movers (users, and how their states are found), states; stored by user_states.sql
-- moved on where the news comes after all that is known of the user: the sums follow from the newest state alone, and so
--          do first and last days, unless something is taken back on such a day; then they are looked up. A user of
--          whom an earlier day tells late, or several days at once take something back, is summed up anew.

create temporary table movers on commit drop as
with

judged as (
    select
        changes.user_id,
        changes.known_on,
        newest.known_from,
        least(
            changes.views, changes.add_to_carts, changes.checkouts, changes.contacts, changes.orders,
            changes.paid_orders, changes.returns
        ) < 0
        and not coalesce(
            changes.on_day > greatest(newest.first_seen_on, newest.first_order_on, newest.first_paid_on)
            and changes.on_day < least(newest.last_active_on, newest.last_paid_on)
            and newest.last_paid_on is not null,
            false
        ) as is_bound_lost
    from changes
    left join core.user_states_newest as newest using (user_id)
)

select
    user_id,
    coalesce(min(known_on) > max(known_from), true)
    and (not bool_or(is_bound_lost) or min(known_on) = max(known_on)) as is_moved_on,
    bool_or(is_bound_lost) as is_bound_lost
from judged
group by user_id;

analyze movers;

-- an array is looked up in the index; a join would read every day of every user
create temporary table redone_days on commit drop as
select *
from core.user_days
where user_id = any(array(select movers.user_id from movers where not movers.is_moved_on));

create temporary table lost_bounds on commit drop as
select *
from core.user_days
where
    known_to = 'infinity'
    and user_id = any(array(select movers.user_id from movers where movers.is_moved_on and movers.is_bound_lost));

create temporary table moments on commit drop as
select
    user_id,
    known_from
from redone_days
union
select
    user_id,
    known_to as known_from
from redone_days
where known_to < 'infinity';

create temporary table states on commit drop as
with

news as (
    select
        user_id,
        changes.known_on,
        sum(changes.views) as views,
        sum(changes.add_to_carts) as add_to_carts,
        sum(changes.checkouts) as checkouts,
        sum(changes.contacts) as contacts,
        sum(changes.orders) as orders,
        sum(changes.paid_orders) as paid_orders,
        sum(changes.returned_orders) as returned_orders,
        sum(changes.gross_revenue) as gross_revenue,
        sum(changes.returns) as returns,
        sum(changes.returns_amount) as returns_amount,
        min(changes.on_day) as first_seen_on,
        max(changes.on_day) filter (
            where changes.views + changes.add_to_carts + changes.checkouts + changes.orders > 0
        ) as last_active_on,
        min(changes.on_day) filter (where changes.orders > 0) as first_order_on,
        min(changes.on_day) filter (where changes.paid_orders > 0) as first_paid_on,
        max(changes.on_day) filter (where changes.paid_orders > 0) as last_paid_on
    from changes
    inner join movers using (user_id)
    where movers.is_moved_on
    group by user_id, changes.known_on
)

select
    user_id,
    news.known_on as known_from,
    coalesce(lead(news.known_on) over so_far, 'infinity'::date) as known_to,
    coalesce(newest.views, 0) + sum(news.views) over so_far as views,
    coalesce(newest.add_to_carts, 0) + sum(news.add_to_carts) over so_far as add_to_carts,
    coalesce(newest.checkouts, 0) + sum(news.checkouts) over so_far as checkouts,
    coalesce(newest.contacts, 0) + sum(news.contacts) over so_far as contacts,
    coalesce(newest.orders, 0) + sum(news.orders) over so_far as orders,
    coalesce(newest.paid_orders, 0) + sum(news.paid_orders) over so_far as paid_orders,
    coalesce(newest.returned_orders, 0) + sum(news.returned_orders) over so_far as returned_orders,
    trim_scale(coalesce(newest.gross_revenue, 0) + sum(news.gross_revenue) over so_far) as gross_revenue,
    coalesce(newest.returns, 0) + sum(news.returns) over so_far as returns,
    trim_scale(coalesce(newest.returns_amount, 0) + sum(news.returns_amount) over so_far) as returns_amount,
    least(newest.first_seen_on, min(news.first_seen_on) over so_far) as first_seen_on,
    greatest(newest.last_active_on, max(news.last_active_on) over so_far) as last_active_on,
    least(newest.first_order_on, min(news.first_order_on) over so_far) as first_order_on,
    least(newest.first_paid_on, min(news.first_paid_on) over so_far) as first_paid_on,
    greatest(newest.last_paid_on, max(news.last_paid_on) over so_far) as last_paid_on
from news
left join core.user_states_newest as newest using (user_id)
window so_far as (partition by user_id order by news.known_on)
union all
select
    moments.user_id,
    moments.known_from,
    coalesce(lead(moments.known_from) over (partition by moments.user_id order by moments.known_from), 'infinity'::date)
        as known_to,
    coalesce(sum(days.views), 0) as views,
    coalesce(sum(days.add_to_carts), 0) as add_to_carts,
    coalesce(sum(days.checkouts), 0) as checkouts,
    coalesce(sum(days.contacts), 0) as contacts,
    coalesce(sum(days.orders), 0) as orders,
    coalesce(sum(days.paid_orders), 0) as paid_orders,
    coalesce(sum(days.returned_orders), 0) as returned_orders,
    trim_scale(coalesce(sum(days.gross_revenue), 0)) as gross_revenue,
    coalesce(sum(days.returns), 0) as returns,
    trim_scale(coalesce(sum(days.returns_amount), 0)) as returns_amount,
    min(days.on_day) as first_seen_on,
    max(days.on_day) filter (
        where days.views + days.add_to_carts + days.checkouts + days.orders > 0
    ) as last_active_on,
    min(days.on_day) filter (where days.orders > 0) as first_order_on,
    min(days.on_day) filter (where days.paid_orders > 0) as first_paid_on,
    max(days.on_day) filter (where days.paid_orders > 0) as last_paid_on
from moments
left join redone_days as days
    on
        moments.user_id = days.user_id
        and moments.known_from >= days.known_from
        and moments.known_from < days.known_to
group by moments.user_id, moments.known_from;

update states
set
    first_seen_on = bounds.first_seen_on,
    last_active_on = bounds.last_active_on,
    first_order_on = bounds.first_order_on,
    first_paid_on = bounds.first_paid_on,
    last_paid_on = bounds.last_paid_on
from (
    select
        user_id,
        min(days.on_day) as first_seen_on,
        max(days.on_day) filter (
            where days.views + days.add_to_carts + days.checkouts + days.orders > 0
        ) as last_active_on,
        min(days.on_day) filter (where days.orders > 0) as first_order_on,
        min(days.on_day) filter (where days.paid_orders > 0) as first_paid_on,
        max(days.on_day) filter (where days.paid_orders > 0) as last_paid_on
    from movers
    left join lost_bounds as days using (user_id)
    where movers.is_moved_on and movers.is_bound_lost
    group by user_id
) as bounds
where states.user_id = bounds.user_id;

analyze states;
