-- What a dashboard filters customers by, filters the cube of days and the funnel, too. Each mart's columns are explained in
-- include/sql/marts/<mart>.yml. Days built before keep their sums, under an unknown age group and gender and without returned
-- orders, until they are built anew.

alter table marts.dashboard_cube_days rename to dashboard_cube_days_before;
alter index marts.dashboard_cube_days_pkey rename to dashboard_cube_days_before_pkey;

create table marts.dashboard_cube_days (
    as_of_date date not null,
    on_day date not null,
    persona text not null,
    age_group text not null,
    gender text not null,
    category text not null,
    buyers bigint not null,
    paid_orders bigint not null,
    returned_orders bigint,
    gross_revenue numeric not null,
    returns_amount numeric not null,
    net_revenue numeric not null,
    primary key (as_of_date, on_day, persona, age_group, gender, category)
);

insert into marts.dashboard_cube_days (
    as_of_date,
    on_day,
    persona,
    age_group,
    gender,
    category,
    buyers,
    paid_orders,
    gross_revenue,
    returns_amount,
    net_revenue
)
select
    as_of_date,
    on_day,
    persona,
    'unknown' as age_group,
    'unknown' as gender,
    category,
    buyers,
    paid_orders,
    gross_revenue,
    returns_amount,
    net_revenue
from marts.dashboard_cube_days_before;

drop table marts.dashboard_cube_days_before;

create table marts.dashboard_cube_funnel (
    as_of_date date not null,
    persona text not null,
    age_group text not null,
    gender text not null,
    category text not null,
    step_no integer not null,
    step text not null,
    users bigint not null,
    users_by_any_path bigint not null,
    primary key (as_of_date, persona, age_group, gender, category, step_no)
);
