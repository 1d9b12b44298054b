-- What analysts and dashboards read. Each mart's columns are explained in include/sql/marts/<mart>.yml.

create table marts.kpi_daily (
    as_of_date date primary key,
    users bigint not null,
    buyers bigint not null,
    orders bigint not null,
    paid_orders bigint not null,
    gross_revenue numeric not null,
    returns_amount numeric not null,
    net_revenue numeric not null,
    users_to_date bigint not null,
    buyers_to_date bigint not null,
    repeat_buyers_to_date bigint not null,
    orders_to_date bigint not null,
    paid_orders_to_date bigint not null,
    gross_revenue_to_date numeric not null,
    returns_amount_to_date numeric not null,
    net_revenue_to_date numeric not null,
    average_order_value_to_date numeric,
    repeat_rate_to_date numeric
);

create table marts.kpi_monthly (
    as_of_date date not null,
    month date not null,
    buyers bigint not null,
    paid_orders bigint not null,
    gross_revenue numeric not null,
    returns_amount numeric not null,
    net_revenue numeric not null,
    primary key (as_of_date, month)
);

create table marts.rfm_cuts (
    cut_month date not null,
    metric text not null check (metric in ('recency_days', 'frequency', 'monetary')),
    basis_date date not null,
    buyers bigint not null,
    history_days integer not null,
    is_sufficient boolean not null,
    cut_1 numeric,
    cut_2 numeric,
    cut_3 numeric,
    cut_4 numeric,
    scores_given text not null,
    primary key (cut_month, metric)
);

create table marts.rfm (
    as_of_date date not null,
    user_id text not null,
    recency_days integer not null,
    frequency bigint not null,
    monetary numeric not null,
    r_score integer,
    f_score integer,
    m_score integer,
    segment text not null,
    primary key (as_of_date, user_id)
);

-- grain: one row per recency score and mean of the other two; the 25 pairs are named once each
create table marts.rfm_segments (
    r_score integer not null check (r_score between 1 and 5),
    fm_score integer not null check (fm_score between 1 and 5),
    segment text not null,
    primary key (r_score, fm_score)
);

insert into marts.rfm_segments (r_score, fm_score, segment)
values
(5, 1, 'New Customers'),
(5, 2, 'Potential Loyalists'),
(5, 3, 'Potential Loyalists'),
(5, 4, 'Champions'),
(5, 5, 'Champions'),
(4, 1, 'Promising'),
(4, 2, 'Potential Loyalists'),
(4, 3, 'Potential Loyalists'),
(4, 4, 'Champions'),
(4, 5, 'Champions'),
(3, 1, 'About To Sleep'),
(3, 2, 'About To Sleep'),
(3, 3, 'Need Attention'),
(3, 4, 'Loyal Customers'),
(3, 5, 'Loyal Customers'),
(2, 1, 'Hibernating'),
(2, 2, 'Hibernating'),
(2, 3, 'At Risk'),
(2, 4, 'At Risk'),
(2, 5, 'At Risk'),
(1, 1, 'Lost'),
(1, 2, 'Lost'),
(1, 3, 'At Risk'),
(1, 4, 'Can''t Lose Them'),
(1, 5, 'Can''t Lose Them');

create table marts.ltv (
    as_of_date date not null,
    user_id text not null,
    first_paid_on date,
    gross_revenue numeric not null,
    returns_amount numeric not null,
    net_revenue numeric not null,
    paid_orders bigint not null,
    tenure_months integer,
    monthly_value numeric,
    primary key (as_of_date, user_id)
);

create table marts.customer_profile (
    as_of_date date not null,
    user_id text not null,
    gender text,
    age integer,
    location text,
    known_since date not null,
    days_known integer not null,
    paid_orders bigint not null,
    unpaid_orders bigint not null,
    gross_revenue numeric not null,
    returns_amount numeric not null,
    net_revenue numeric not null,
    first_paid_on date,
    last_paid_on date,
    recency_days integer,
    average_order_value numeric,
    returns bigint not null,
    returned_orders bigint not null,
    return_rate numeric,
    views bigint,
    views_per_order numeric,
    price_level numeric,
    primary key (as_of_date, user_id)
);

create table marts.personas (
    as_of_date date not null,
    user_id text not null,
    rule_set text not null,
    persona text not null,
    primary key (as_of_date, user_id)
);
