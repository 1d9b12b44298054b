-- What customers do between looking and keeping, month by month and product by product. Each mart's columns are explained in
-- include/sql/marts/<mart>.yml.

create table marts.funnel (
    as_of_date date not null,
    persona text not null,
    category text not null,
    step_no integer not null,
    step text not null,
    users bigint not null,
    share_of_first numeric not null,
    share_of_previous numeric,
    users_by_any_path bigint not null,
    share_by_any_path numeric not null,
    primary key (as_of_date, persona, category, step_no)
);

create table marts.funnel_sessions (
    as_of_date date not null,
    persona text not null,
    category text not null,
    step_no integer not null,
    step text not null,
    sessions bigint not null,
    share_of_first numeric not null,
    share_of_previous numeric,
    primary key (as_of_date, persona, category, step_no)
);

create table marts.cohorts (
    as_of_date date not null,
    cohort_month date not null,
    month date not null,
    months_since integer not null,
    is_complete boolean not null,
    customers bigint not null,
    buyers bigint not null,
    retention numeric not null,
    paid_orders bigint not null,
    gross_revenue numeric not null,
    returns_amount numeric not null,
    net_revenue numeric not null,
    net_revenue_to_date numeric not null,
    net_revenue_per_customer_to_date numeric not null,
    primary key (as_of_date, cohort_month, month)
);

create table marts.returns (
    as_of_date date not null,
    dimension text not null check (dimension in ('all', 'category', 'product', 'persona', 'reason')),
    value text not null,
    paid_orders bigint,
    returned_orders bigint,
    return_rate numeric,
    matured_orders bigint,
    matured_returned_orders bigint,
    matured_return_rate numeric,
    returns bigint not null,
    returns_amount numeric not null,
    primary key (as_of_date, dimension, value)
);

create table marts.product_performance (
    as_of_date date not null,
    product_id text not null,
    name text,
    category text,
    price numeric,
    paid_orders bigint not null,
    units numeric not null,
    gross_revenue numeric not null,
    returns_amount numeric not null,
    net_revenue numeric not null,
    returned_orders bigint not null,
    return_rate numeric,
    recent_views bigint,
    recent_viewers bigint,
    recent_buyers bigint not null,
    primary key (as_of_date, product_id)
);
