-- What the shop told, and on which days.
--
-- known_from is the first source day that told the row's content, known_to the source day that told another (infinity
-- while there is none). What was known on day K is
--     known_from <= K and K < known_to.
-- delivered_on holds every source day that told exactly this: what a day said can be taken back when it is delivered
-- anew, so days can arrive in any order, and twice, and end the same.

-- grain: one row per user and version
create table core.users (
    user_id text not null,
    known_from date not null,
    known_to date not null,
    delivered_on datemultirange not null,
    signup_date date,
    gender text,
    age integer,
    location text,
    primary key (user_id, known_from)
) with (fillfactor = 80); -- a user told again unchanged is updated in place
create index on core.users (known_from);

-- grain: one row per product and version
create table core.products (
    product_id text not null,
    known_from date not null,
    known_to date not null,
    delivered_on datemultirange not null,
    name text,
    category text,
    price numeric,
    rating numeric,
    primary key (product_id, known_from)
) with (fillfactor = 80);
create index on core.products (known_from);

-- grain: one row per order header and version
create table core.orders (
    order_id text not null,
    known_from date not null,
    known_to date not null,
    delivered_on datemultirange not null,
    user_id text not null,
    ordered_at timestamptz not null,
    ordered_on date not null,
    payment_status text not null,
    primary key (order_id, known_from)
);
create index on core.orders (known_from);
comment on column core.orders.ordered_on is 'Day of ordered_at in the shop''s time zone.';

-- grain: one row per order line and version; whose it is, its order says
create table core.order_items (
    order_id text not null,
    line_no integer not null,
    known_from date not null,
    known_to date not null,
    delivered_on datemultirange not null,
    product_id text not null,
    quantity numeric not null,
    unit_price numeric not null,
    amount numeric not null generated always as (quantity * unit_price) stored,
    primary key (order_id, line_no, known_from)
);
create index on core.order_items (known_from);

-- grain: one row per return and version
create table core.returns (
    order_id text not null,
    return_id text not null,
    known_from date not null,
    known_to date not null,
    delivered_on datemultirange not null,
    named_user_id text,
    product_id text,
    return_reason text,
    dated_on date,
    amount numeric,
    primary key (order_id, return_id, known_from)
);
create index on core.returns (known_from);
comment on column core.returns.order_id is 'Empty where the shop does not name the order.';
comment on column core.returns.return_id is
'What tells a return from others: order, product, customer and time as delivered, and its number among equals.';
comment on column core.returns.named_user_id is 'The customer the return itself names, if it does.';
comment on column core.returns.dated_on is 'Day of the return in the shop''s time zone, where it was told.';
comment on column core.returns.amount is 'As told; core.return_facts fills in the order''s where it is missing.';

-- grain: one row per event and source day that told of it; one partition per source day
-- Events are not corrected, so an event told twice is rare: each delivery is kept, and the first one counts.
-- A partition is the table its file was copied into. Its rules let no null in but in category; to declare that would
-- read every row once more.
create table core.product_views (
    known_from date not null,
    known_to date not null,
    row_no bigint not null,
    user_id text,
    viewed_at timestamptz,
    product_id text,
    event_type text,
    session_id text,
    category text
) partition by list (known_from);
create index on core.product_views (viewed_at, user_id);
comment on column core.product_views.row_no is 'Row of the delivered file, the first below the header is 1.';
comment on column core.product_views.session_id is 'Empty where the shop has no sessions.';

-- grain: one row per marketing touch and source day that told of it; one partition per source day
create table core.contacts (
    known_from date not null,
    known_to date not null,
    row_no bigint not null,
    user_id text,
    sent_at timestamptz,
    campaign text,
    channel text
) partition by list (known_from);
create index on core.contacts (sent_at, user_id);

-- grain: one row per file and source day that core has rows of, or had an empty file of
create table core.deliveries (
    file text not null,
    known_from date not null,
    row_count bigint not null,
    first_at timestamptz,
    last_at timestamptz,
    primary key (file, known_from)
);
comment on column core.deliveries.first_at is
'Of an event file with rows: which time its events span, so that other days need not be looked into.';
