-- What follows from what was told: facts by customer, moved on by each day's news (include/sql/core). Everything here
-- could be computed anew from the tables of 0003 and would come out the same; tests/sql hold it to that.
-- user_id is part of every key, so that these tables can be spread over machines by customer.

-- grain: one row per order and stretch of days over which the same was known of it, its lines and its returns
create table core.order_facts (
    user_id text not null,
    order_id text not null,
    known_from date not null,
    known_to date not null,
    ordered_at timestamptz not null,
    ordered_on date not null,
    payment_status text not null,
    is_paid boolean not null,
    is_returned boolean not null,
    line_count bigint not null,
    gross_amount numeric not null,
    primary key (user_id, order_id, known_from)
);
create index on core.order_facts (order_id);
comment on column core.order_facts.is_paid is
'A refunded order was paid: the sale stays, and the refund counts among the returns on its own day.';
comment on column core.order_facts.is_returned is 'Whether anything of it is known to have come back.';

-- grain: one row per return and stretch of days over which the same was known of it and its order
create table core.return_facts (
    user_id text not null,
    order_id text not null,
    return_id text not null,
    known_from date not null,
    known_to date not null,
    product_id text,
    return_reason text,
    returned_on date not null,
    has_date boolean not null,
    is_on_paid_order boolean not null,
    amount numeric not null,
    primary key (user_id, order_id, return_id, known_from)
);
create index on core.return_facts (order_id, return_id);
create index on core.return_facts (known_from);
comment on column core.return_facts.user_id is
'Customer of the order; else the customer the return names; empty where neither is known.';
comment on column core.return_facts.returned_on is 'Day of the return; without one, the first source day that told of it.';
comment on column core.return_facts.has_date is 'False where returned_on is the day the return became known.';
comment on column core.return_facts.amount is
'What it takes off revenue: as told; else the order''s lines of that product; else the whole order (divided among
the returns that say no more than that). 0 where its order was never paid: none came in, none goes back.';

-- grain: one row per customer, shop day on which something happened, and stretch of days over which the same was known
-- on_day leads the key: a night's rows land side by side at its end, however long the history
create table core.user_days (
    on_day date not null,
    user_id text not null,
    known_from date not null,
    known_to date not null,
    views bigint not null,
    add_to_carts bigint not null,
    checkouts bigint not null,
    contacts bigint not null,
    orders bigint not null,
    paid_orders bigint not null,
    returned_orders bigint not null,
    gross_revenue numeric not null,
    returns bigint not null,
    returns_amount numeric not null,
    primary key (on_day, user_id, known_from)
);
comment on column core.user_days.orders is 'Orders placed on the day, whatever became of their payment.';
comment on column core.user_days.returned_orders is 'Paid orders placed on the day of which something came back since.';

-- grain: one row per customer and stretch of days over which the same was known of them: the sums over their days
-- The newest state of each customer lies apart from the past ones, so that reading it does not read the past.
create table core.user_states (
    user_id text not null,
    known_from date not null,
    known_to date not null,
    views bigint not null,
    add_to_carts bigint not null,
    checkouts bigint not null,
    contacts bigint not null,
    orders bigint not null,
    paid_orders bigint not null,
    returned_orders bigint not null,
    gross_revenue numeric not null,
    returns bigint not null,
    returns_amount numeric not null,
    first_seen_on date,
    last_active_on date,
    first_order_on date,
    first_paid_on date,
    last_paid_on date,
    primary key (known_to, user_id)
) partition by list (known_to);
create table core.user_states_newest partition of core.user_states for values in ('infinity') with (fillfactor = 70);
create table core.user_states_past partition of core.user_states default;
comment on column core.user_states.first_seen_on is 'First day on which anything happened, also a return or a contact.';
comment on column core.user_states.last_active_on is 'Last day of an event or an order.';

-- grain: one row per product that a fact has named, whether the shop told of it or not, and file it stood in
create table core.product_mentions (
    product_id text not null,
    file text not null,
    mentioned_on datemultirange not null,
    primary key (product_id, file)
) with (fillfactor = 80);
comment on column core.product_mentions.mentioned_on is 'Source days whose file names it.';
