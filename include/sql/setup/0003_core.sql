-- Facts of the shop, and since when they have been known.
--
-- Every table holds versions: known_from is the source day that delivered the version, known_to the source day that
-- delivered the next one (infinity while there is none). What was known on day K is
--     known_from <= K and K < known_to.
-- A version is kept for every delivery, also an unchanged one: days can then arrive in any order and end the same.
-- user_id is part of every key and join, so that tables can be spread over machines by customer.

-- grain: one row per user and delivery
create table core.users (
    user_id text not null,
    known_from date not null,
    known_to date not null,
    signup_date date,
    gender text,
    age integer,
    location text,
    primary key (user_id, known_from)
);
create index on core.users (known_from);

-- grain: one row per product and delivery
create table core.products (
    product_id text not null,
    known_from date not null,
    known_to date not null,
    name text,
    category text,
    price numeric,
    rating numeric,
    primary key (product_id, known_from)
);
create index on core.products (known_from);

-- grain: one row per order and delivery
create table core.orders (
    user_id text not null,
    order_id text not null,
    known_from date not null,
    known_to date not null,
    ordered_at timestamptz not null,
    ordered_on date not null,
    payment_status text not null,
    primary key (user_id, order_id, known_from)
);
create unique index on core.orders (order_id, known_from);
create index on core.orders (known_from);
comment on column core.orders.ordered_on is 'Day of ordered_at in the shop''s time zone.';

-- grain: one row per order line and delivery, cut where the order changed hands
create table core.order_items (
    user_id text not null,
    order_id text not null,
    line_no integer not null,
    known_from date not null,
    known_to date not null,
    delivered_on date not null,
    product_id text not null,
    quantity numeric not null,
    unit_price numeric not null,
    amount numeric not null generated always as (quantity * unit_price) stored,
    primary key (user_id, order_id, line_no, known_from)
);
create index on core.order_items (order_id);
create index on core.order_items (delivered_on);
comment on column core.order_items.user_id is 'Owner of the order; empty while no header of the order is known.';
comment on column core.order_items.delivered_on is
'Source day that delivered the line; known_from is later where the order changed hands since.';

-- grain: one row per return and delivery, cut where the order changed hands
create table core.returns (
    user_id text not null,
    return_id text not null,
    known_from date not null,
    known_to date not null,
    delivered_on date not null,
    named_user_id text,
    order_id text,
    product_id text,
    return_reason text,
    returned_on date not null,
    has_date boolean not null,
    amount numeric,
    primary key (user_id, return_id, known_from)
);
create index on core.returns (return_id);
create index on core.returns (order_id);
create index on core.returns (delivered_on);
comment on column core.returns.user_id is
'Owner of the order; else the customer the return names; empty where neither is known.';
comment on column core.returns.named_user_id is 'The customer the return itself names, if it does.';
comment on column core.returns.return_id is
'What tells a return from others: order, product, customer and time as delivered, and its number among equals.';
comment on column core.returns.returned_on is 'Day of the return; without one, the first source day that told of it.';
comment on column core.returns.has_date is 'False where returned_on is the day the return became known.';
comment on column core.returns.amount is 'As delivered; core.returns_as_of fills in the order''s where it is missing.';

-- grain: one row per event and delivery
create table core.product_views (
    user_id text not null,
    product_id text not null,
    viewed_at timestamptz not null,
    event_type text not null,
    session_id text not null,
    known_from date not null,
    known_to date not null,
    viewed_on date not null,
    category text,
    primary key (user_id, viewed_at, product_id, event_type, session_id, known_from)
);
create index on core.product_views (known_from);
comment on column core.product_views.session_id is 'Empty where the shop has no sessions.';

-- grain: one row per marketing touch and delivery
create table core.contacts (
    user_id text not null,
    sent_at timestamptz not null,
    campaign text not null,
    channel text not null,
    known_from date not null,
    known_to date not null,
    sent_on date not null,
    primary key (user_id, sent_at, campaign, channel, known_from)
);
create index on core.contacts (known_from);

-- Whose an order was, and when: an order's versions joined into stretches of one owner. Before its first version the
-- owner is empty, so that the stretches of an order cover all time.
create view core.order_owners as
with

marked as (
    select
        order_id,
        user_id,
        known_from,
        known_to,
        coalesce(user_id <> lag(user_id) over (partition by order_id order by known_from), true) as is_new_owner
    from core.orders
),

numbered as (
    select
        order_id,
        user_id,
        known_from,
        known_to,
        count(*) filter (where is_new_owner) over (partition by order_id order by known_from) as stretch
    from marked
)

select
    order_id,
    user_id,
    min(known_from) as known_from,
    max(known_to) as known_to
from numbered
group by order_id, user_id, stretch
union all
select
    order_id,
    '' as user_id,
    '-infinity'::date as known_from,
    min(known_from) as known_to
from core.orders
group by order_id;
