-- core.user_states: what was known of a customer, over which source days
-- grain    one row per user and stretch of source days
-- reads    movers, states (from states.sql, same transaction)
-- rerun    ends the same: days merged twice change nothing

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
