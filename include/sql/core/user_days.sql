-- core.user_days: what was known of a customer's day, over which source days
-- grain    one row per shop day, user and stretch of source days
-- reads    moves, core.user_days
-- leaves   changes: the moves summed up, without those that came to nothing
-- rerun    moves of a day merged twice come to nothing

create temporary table changes on commit drop as
select
    on_day,
    user_id,
    known_on,
    sum(views)::bigint as views,
    sum(add_to_carts)::bigint as add_to_carts,
    sum(checkouts)::bigint as checkouts,
    sum(contacts)::bigint as contacts,
    sum(orders)::bigint as orders,
    sum(paid_orders)::bigint as paid_orders,
    sum(returned_orders)::bigint as returned_orders,
    trim_scale(sum(gross_revenue)) as gross_revenue,
    sum(returns)::bigint as returns,
    trim_scale(sum(returns_amount)) as returns_amount
from moves
group by on_day, user_id, known_on
having
    row(
        sum(views), sum(add_to_carts), sum(checkouts), sum(contacts), sum(orders), sum(paid_orders),
        sum(returned_orders), sum(gross_revenue), sum(returns), sum(returns_amount)
    ) <> row(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

analyze changes;

-- the stretches that were known before, taken apart into changes again
create temporary table former on commit drop as
select days.*
from core.user_days as days
inner join (
    select distinct
        on_day,
        user_id
    from changes
) as changed using (on_day, user_id);

delete from core.user_days as days
using former
where
    days.on_day = former.on_day
    and days.user_id = former.user_id
    and days.known_from = former.known_from;

insert into core.user_days (
    on_day,
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
    returns_amount
)
with

edges as (
    select * from changes
    union all
    select
        former.on_day,
        former.user_id,
        edge.known_on,
        edge.sign * former.views as views,
        edge.sign * former.add_to_carts as add_to_carts,
        edge.sign * former.checkouts as checkouts,
        edge.sign * former.contacts as contacts,
        edge.sign * former.orders as orders,
        edge.sign * former.paid_orders as paid_orders,
        edge.sign * former.returned_orders as returned_orders,
        edge.sign * former.gross_revenue as gross_revenue,
        edge.sign * former.returns as returns,
        edge.sign * former.returns_amount as returns_amount
    from former
    cross join lateral (values (former.known_from, 1), (former.known_to, -1)) as edge (known_on, sign)
    where edge.known_on < 'infinity'
),

summed as (
    select
        on_day,
        user_id,
        known_on,
        sum(views) as views,
        sum(add_to_carts) as add_to_carts,
        sum(checkouts) as checkouts,
        sum(contacts) as contacts,
        sum(orders) as orders,
        sum(paid_orders) as paid_orders,
        sum(returned_orders) as returned_orders,
        sum(gross_revenue) as gross_revenue,
        sum(returns) as returns,
        sum(returns_amount) as returns_amount
    from edges
    group by on_day, user_id, known_on
    having
        row(
            sum(views), sum(add_to_carts), sum(checkouts), sum(contacts), sum(orders), sum(paid_orders),
            sum(returned_orders), sum(gross_revenue), sum(returns), sum(returns_amount)
        ) <> row(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
),

stretches as (
    select
        on_day,
        user_id,
        known_on as known_from,
        coalesce(lead(known_on) over so_far, 'infinity'::date) as known_to,
        sum(views) over so_far as views,
        sum(add_to_carts) over so_far as add_to_carts,
        sum(checkouts) over so_far as checkouts,
        sum(contacts) over so_far as contacts,
        sum(orders) over so_far as orders,
        sum(paid_orders) over so_far as paid_orders,
        sum(returned_orders) over so_far as returned_orders,
        trim_scale(sum(gross_revenue) over so_far) as gross_revenue,
        sum(returns) over so_far as returns,
        trim_scale(sum(returns_amount) over so_far) as returns_amount
    from summed
    window so_far as (partition by on_day, user_id order by known_on)
)

select * from stretches
-- a day of which nothing is left has no row
where
    row(
        views, add_to_carts, checkouts, contacts, orders, paid_orders, returned_orders, gross_revenue, returns,
        returns_amount
    ) <> row(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
