-- One table per file of the extract contract: the file's columns, typed, and which day and row they came from.
--
-- Each day is a partition of its own, filled by COPY and gone once core has its rows. Those of the event files have the
-- columns of their core table, because they become its partitions.

-- grain: one row per file that is staged
create table staging.files (
    known_from date not null,
    file text not null,
    primary key (known_from, file)
);

create table staging.users (
    known_from date not null,
    row_no bigint not null,
    user_id text,
    signup_date date,
    gender text,
    age integer,
    location text
) partition by list (known_from);

create table staging.products (
    known_from date not null,
    row_no bigint not null,
    product_id text,
    name text,
    category text,
    price numeric,
    rating numeric
) partition by list (known_from);

create table staging.orders (
    known_from date not null,
    row_no bigint not null,
    order_id text,
    user_id text,
    order_date timestamptz,
    payment_status text,
    product_id text,
    amount numeric
) partition by list (known_from);

create table staging.order_items (
    known_from date not null,
    row_no bigint not null,
    order_id text,
    line_no integer,
    product_id text,
    quantity numeric,
    unit_price numeric,
    user_id text
) partition by list (known_from);

create table staging.returns (
    known_from date not null,
    row_no bigint not null,
    order_id text,
    product_id text,
    user_id text,
    return_reason text,
    returned_at timestamptz,
    amount numeric
) partition by list (known_from);

create table staging.product_views (
    known_from date not null,
    known_to date not null default 'infinity',
    row_no bigint not null,
    user_id text,
    viewed_at timestamptz,
    product_id text,
    event_type text default 'view',
    session_id text default '',
    category text
) partition by list (known_from);

create table staging.contacts (
    known_from date not null,
    known_to date not null default 'infinity',
    row_no bigint not null,
    user_id text,
    sent_at timestamptz,
    campaign text default '',
    channel text default ''
) partition by list (known_from);
