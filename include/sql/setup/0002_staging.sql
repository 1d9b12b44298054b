-- One table per file of the extract contract: the file's columns, typed, and which day and row they came from.
-- Unlogged: a crash empties them, and the day is staged again from its files.

-- grain: one row per day that is staged completely
create unlogged table staging.batches (source_day date primary key);

create unlogged table staging.users (
    source_day date not null,
    row_no bigint not null,
    user_id text,
    signup_date date,
    gender text,
    age integer,
    location text
);

create unlogged table staging.products (
    source_day date not null,
    row_no bigint not null,
    product_id text,
    name text,
    category text,
    price numeric,
    rating numeric
);

create unlogged table staging.orders (
    source_day date not null,
    row_no bigint not null,
    order_id text,
    user_id text,
    order_date timestamptz,
    payment_status text,
    product_id text,
    amount numeric
);

create unlogged table staging.order_items (
    source_day date not null,
    row_no bigint not null,
    order_id text,
    line_no integer,
    product_id text,
    quantity numeric,
    unit_price numeric,
    user_id text
);

create unlogged table staging.returns (
    source_day date not null,
    row_no bigint not null,
    order_id text,
    product_id text,
    user_id text,
    return_reason text,
    returned_at timestamptz,
    amount numeric
);

create unlogged table staging.product_views (
    source_day date not null,
    row_no bigint not null,
    user_id text,
    product_id text,
    "timestamp" timestamptz,
    category text,
    session_id text,
    event_type text
);

create unlogged table staging.contacts (
    source_day date not null,
    row_no bigint not null,
    user_id text,
    sent_at timestamptz,
    campaign text,
    channel text
);
