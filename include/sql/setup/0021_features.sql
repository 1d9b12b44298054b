-- What a model learns from and scores: a row per customer and day, in numbers. Each column is explained in
-- include/sql/features/customers.yml.

create schema if not exists ml;

create table ml.features (
    as_of_date date not null,
    user_id text not null,
    recency_days real,
    idle_days real,
    days_known real,
    paid_orders real,
    orders_30_days real,
    orders_91_days real,
    orders_trend real,
    orders_per_30_days real,
    net_revenue real,
    revenue_91_days real,
    average_order_value real,
    products_per_order real,
    days_between_orders real,
    last_gap_days real,
    shortest_gap_days real,
    gap_spread real,
    overdue real,
    views_1_day real,
    views_7_days real,
    views_30_days real,
    views_trend real,
    carts_1_day real,
    carts_7_days real,
    carts_30_days real,
    carts_trend real,
    checkouts_1_day real,
    checkouts_7_days real,
    checkouts_30_days real,
    checkouts_trend real,
    visit_days_7_days real,
    visit_days_30_days real,
    visit_days_since_order real,
    days_since_visit real,
    carts_since_order real,
    days_since_cart real,
    products_viewed_7_days real,
    categories_viewed_7_days real,
    most_views_of_one_7_days real,
    price_level_viewed_7_days real,
    price_level_bought_91_days real,
    categories_bought_91_days real,
    favourite_category text,
    return_rate real,
    returns_30_days real,
    unpaid_orders real,
    unpaid_orders_30_days real,
    unpaid_orders_since_order real,
    contacts_7_days real,
    contacts_30_days real,
    days_since_contact real,
    age real,
    gender text,
    persona text not null,
    season_ahead real,
    orders_after_a_year_ago real,
    age_group text not null,
    packed bytea not null,
    primary key (as_of_date, user_id)
) partition by list (as_of_date);

comment on column ml.features.packed is
'The row once more, as bytes that a million at a time can be read of (personapulse/intent/packing.py).';

-- grain: one row per day that is in ml.features
create table ml.feature_days (
    as_of_date date primary key,
    made_of text not null,
    row_count bigint not null,
    categories jsonb not null
);
comment on column ml.feature_days.made_of is
'Hash of the select, its values and the files known that night: a day made of something else is made anew.';
comment on column ml.feature_days.categories is 'Values of each text column, in the order their packed codes count from 1.';
