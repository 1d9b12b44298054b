-- What may be said of the shop, and the sums it rests on. Each mart's columns are explained in include/sql/marts/<mart>.yml.

create table marts.persona_outcomes (
    as_of_date date not null,
    persona text not null,
    measure text not null,
    sorted_on date not null,
    customers bigint not null,
    numerator numeric not null,
    denominator numeric not null,
    ratio numeric not null,
    sum_xx numeric not null,
    sum_xy numeric not null,
    sum_yy numeric not null,
    sum_xxx numeric not null,
    sum_xxy numeric not null,
    sum_xyy numeric not null,
    sum_yyy numeric not null,
    primary key (as_of_date, persona, measure)
);

create table marts.insights (
    as_of_date date not null,
    kind text not null,
    status text not null check (status in ('said', 'not said')),
    rank integer,
    priority text not null check (priority in ('act', 'watch', 'know')),
    subject_type text not null,
    subject text,
    sentence text not null,
    effect double precision,
    low double precision,
    high double precision,
    unit text,
    p_value double precision,
    adjusted_p_value double precision,
    test text,
    sample_size bigint,
    floor text not null,
    query text not null,
    primary key (as_of_date, kind)
);
