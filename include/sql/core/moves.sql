-- moves: by how much this merge changes what is known of a customer's day, and from which source day on
-- grain    any number of rows per user, shop day and source day; their sum is what counts
-- leaves   moves (until the transaction ends), filled by the steps of the merge, read by user_days.sql; product_moves and
--          return_moves: the same for a product's month, read by months.sql
-- A fact known from a to b adds itself at a and takes itself back at b: sums of moves up to day K are what was known on
-- K, whatever the order the facts came in.

create temporary table moves (
    on_day date not null,
    user_id text not null,
    known_on date not null,
    views bigint not null default 0,
    add_to_carts bigint not null default 0,
    checkouts bigint not null default 0,
    contacts bigint not null default 0,
    orders bigint not null default 0,
    paid_orders bigint not null default 0,
    returned_orders bigint not null default 0,
    gross_revenue numeric not null default 0,
    returns bigint not null default 0,
    returns_amount numeric not null default 0
) on commit drop;

create temporary table product_moves (
    month date not null,
    product_id text not null,
    known_on date not null,
    paid_orders bigint not null,
    returned_orders bigint not null,
    units numeric not null,
    gross_revenue numeric not null
) on commit drop;

create temporary table return_moves (
    month date not null,
    product_id text not null,
    return_reason text not null,
    known_on date not null,
    returns bigint not null,
    returns_amount numeric not null
) on commit drop;

create temporary table touched_orders (order_id text primary key) on commit drop;

create temporary table touched_returns (
    order_id text not null,
    return_id text not null,
    primary key (order_id, return_id)
) on commit drop;
