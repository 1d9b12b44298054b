-- The profile tells more of a customer, and a persona tells what it was decided by. Days built before have none of it
-- (null) until they are built anew.

alter table marts.customer_profile
add column age_group text,
add column first_seen_on date,
add column last_active_on date,
add column idle_days integer,
add column orders bigint,
add column orders_per_30_days numeric,
add column days_between_orders numeric,
add column products_per_order numeric,
add column add_to_carts bigint,
add column checkouts bigint,
add column carts_per_view numeric,
add column views_per_30_days numeric,
add column contacts bigint,
add column contacts_per_30_days numeric;

alter table marts.personas
add column rules_version text,
add column conditions boolean[];

-- grain: one row per day and threshold of the shop's rule set
create table marts.persona_cuts (
    as_of_date date not null,
    threshold text not null,
    rule_set text not null,
    measure text,
    quantile numeric,
    among text,
    band numeric not null,
    basis_date date,
    customers bigint,
    is_frozen boolean not null,
    cut numeric,
    cut_low numeric,
    cut_high numeric,
    primary key (as_of_date, threshold)
);

create table marts.persona_movement (
    as_of_date date not null,
    span text not null check (span in ('day', 'month')),
    earlier_date date not null,
    from_persona text not null,
    to_persona text not null,
    customers bigint not null,
    share_of_from numeric not null,
    primary key (as_of_date, span, from_persona, to_persona)
);

create table marts.persona_changes (
    as_of_date date not null,
    span text not null,
    user_id text not null,
    earlier_date date not null,
    from_persona text not null,
    to_persona text not null,
    kind text not null,
    rule text,
    condition text,
    profile_column text,
    old_value numeric,
    new_value numeric,
    primary key (as_of_date, span, user_id)
) partition by list (as_of_date);
