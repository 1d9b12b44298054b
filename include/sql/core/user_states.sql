-- core.user_states: what was known of a customer, over which source days
-- grain    one row per user and stretch of source days
-- reads    changes (from user_days.sql, same transaction), core.user_days, core.user_states
-- rerun    ends the same: days merged twice change nothing
-- moved on where the news comes after all that is known of the user and takes no event, order or return back: sums and
--          first and last days then follow from the newest state alone. Any other user is summed up anew.

create temporary table movers on commit drop as
select
    changes.user_id,
    coalesce(min(changes.known_on) > max(newest.known_from), true)
    and min(least(
        changes.views, changes.add_to_carts, changes.checkouts, changes.contacts, changes.orders, changes.paid_orders,
        changes.returns
    )) >= 0 as is_moved_on
from changes
left join core.user_states_newest as newest using (user_id)
group by changes.user_id;

analyze movers;

-- an array is looked up in the index; a join would read every day of every user
create temporary table redone_days on commit drop as
select *
from core.user_days
where user_id = any(array(select movers.user_id from movers where not movers.is_moved_on));

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

analyze states;

insert into core.user_states_past (
    user_id,
    known_from,
    known_to,
    views,
    add_to_carts,
    checkouts,
    contacts,
    orders,
    paid_orders,
    returned_orders,
    gross_revenue,
    returns,
    returns_amount,
    first_seen_on,
    last_active_on,
    first_order_on,
    first_paid_on,
    last_paid_on
)
select
    newest.user_id,
    newest.known_from,
    states.known_from as known_to,
    newest.views,
    newest.add_to_carts,
    newest.checkouts,
    newest.contacts,
    newest.orders,
    newest.paid_orders,
    newest.returned_orders,
    newest.gross_revenue,
    newest.returns,
    newest.returns_amount,
    newest.first_seen_on,
    newest.last_active_on,
    newest.first_order_on,
    newest.first_paid_on,
    newest.last_paid_on
from core.user_states_newest as newest
inner join movers using (user_id)
inner join (
    select
        user_id,
        min(known_from) as known_from
    from states
    group by user_id
) as states using (user_id)
where movers.is_moved_on;

delete from core.user_states
where user_id = any(array(select movers.user_id from movers where not movers.is_moved_on));

insert into core.user_states_past (
    user_id,
    known_from,
    known_to,
    views,
    add_to_carts,
    checkouts,
    contacts,
    orders,
    paid_orders,
    returned_orders,
    gross_revenue,
    returns,
    returns_amount,
    first_seen_on,
    last_active_on,
    first_order_on,
    first_paid_on,
    last_paid_on
)
select
    user_id,
    known_from,
    known_to,
    views,
    add_to_carts,
    checkouts,
    contacts,
    orders,
    paid_orders,
    returned_orders,
    gross_revenue,
    returns,
    returns_amount,
    first_seen_on,
    last_active_on,
    first_order_on,
    first_paid_on,
    last_paid_on
from states
where known_to < 'infinity';

merge into core.user_states_newest as newest
using (select * from states where known_to = 'infinity') as states
    on newest.user_id = states.user_id
when matched
then
    update
        set
            known_from = states.known_from,
            views = states.views,
            add_to_carts = states.add_to_carts,
            checkouts = states.checkouts,
            contacts = states.contacts,
            orders = states.orders,
            paid_orders = states.paid_orders,
            returned_orders = states.returned_orders,
            gross_revenue = states.gross_revenue,
            returns = states.returns,
            returns_amount = states.returns_amount,
            first_seen_on = states.first_seen_on,
            last_active_on = states.last_active_on,
            first_order_on = states.first_order_on,
            first_paid_on = states.first_paid_on,
            last_paid_on = states.last_paid_on
when not matched
then insert (
    user_id,
    known_from,
    known_to,
    views,
    add_to_carts,
    checkouts,
    contacts,
    orders,
    paid_orders,
    returned_orders,
    gross_revenue,
    returns,
    returns_amount,
    first_seen_on,
    last_active_on,
    first_order_on,
    first_paid_on,
    last_paid_on
)
values (
    states.user_id,
    states.known_from,
    states.known_to,
    states.views,
    states.add_to_carts,
    states.checkouts,
    states.contacts,
    states.orders,
    states.paid_orders,
    states.returned_orders,
    states.gross_revenue,
    states.returns,
    states.returns_amount,
    states.first_seen_on,
    states.last_active_on,
    states.first_order_on,
    states.first_paid_on,
    states.last_paid_on
);
