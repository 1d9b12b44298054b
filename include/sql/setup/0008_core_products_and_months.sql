-- What marts would otherwise have to sum up from all of history: products of orders and returns, and sums per month, moved
-- on by each day's news like the tables of 0004 (docs/decisions/0014-months-are-moved-on.md).
-- Everything here could be computed anew from the tables of 0003 and would come out the same; tests/sql hold it to that.

-- grain: one row per order, product of it and stretch of days over which the same was known of the order
create table core.order_products (
    user_id text not null,
    order_id text not null,
    product_id text not null,
    known_from date not null,
    known_to date not null,
    ordered_on date not null,
    is_paid boolean not null,
    is_returned boolean not null,
    units numeric not null,
    amount numeric not null,
    primary key (order_id, product_id, known_from, user_id)
);
create index on core.order_products (ordered_on);
comment on column core.order_products.is_returned is
'Whether something of this product, or of the order without saying of what, is known to have come back.';

-- grain: one row per return, product it is of and stretch of days over which the same was known of it and its order
create table core.return_products (
    user_id text not null,
    order_id text not null,
    return_id text not null,
    product_id text not null,
    known_from date not null,
    known_to date not null,
    return_reason text not null,
    returned_on date not null,
    is_on_paid_order boolean not null,
    amount numeric not null,
    primary key (order_id, return_id, product_id, known_from, user_id)
);
create index on core.return_products (returned_on);
comment on column core.return_products.product_id is
'The product the return names; else each product of its order; "(not told)" where these are not known or cost nothing.';
comment on column core.return_products.return_reason is 'Empty where none was told.';
comment on column core.return_products.amount is
'Of a return that names no product: its share by what the products cost, to the cent; the amounts add up to the return''s.';

create index on core.order_facts (ordered_on);

-- grain: one row per calendar month, customer and stretch of days over which the same was known; months without any absent
create table core.user_months (
    month date not null,
    user_id text not null,
    known_from date not null,
    known_to date not null,
    paid_orders bigint not null,
    gross_revenue numeric not null,
    returns bigint not null,
    returns_amount numeric not null,
    primary key (month, user_id, known_from)
);

-- grain: one row per calendar month of the order, product and stretch of days over which the same was known
create table core.product_months (
    month date not null,
    product_id text not null,
    known_from date not null,
    known_to date not null,
    paid_orders bigint not null,
    returned_orders bigint not null,
    units numeric not null,
    gross_revenue numeric not null,
    primary key (month, product_id, known_from)
);
comment on column core.product_months.returned_orders is
'Of the month''s paid orders, those of which something of the product has come back since.';

-- grain: one row per calendar month of the return, product, reason and stretch of days over which the same was known
create table core.return_months (
    month date not null,
    product_id text not null,
    return_reason text not null,
    known_from date not null,
    known_to date not null,
    returns bigint not null,
    returns_amount numeric not null,
    primary key (month, product_id, return_reason, known_from)
);
comment on column core.return_months.returns is 'Returns of the product; a return of several products counts with each.';
