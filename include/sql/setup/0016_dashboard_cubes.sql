-- Cubes for dashboards: small tables of sums that add up over whatever a reader filters by, and distinct customers counted
-- where they do not. Each mart's columns are explained in include/sql/marts/<mart>.yml.

create table marts.dashboard_cube_customers (
    as_of_date date not null,
    persona text not null,
    segment text not null,
    age_group text not null,
    gender text not null,
    customers bigint not null,
    buyers bigint not null,
    repeat_buyers bigint not null,
    orders bigint not null,
    paid_orders bigint not null,
    returned_orders bigint not null,
    recency_days bigint not null,
    gross_revenue numeric not null,
    returns_amount numeric not null,
    net_revenue numeric not null,
    primary key (as_of_date, persona, segment, age_group, gender)
);

create table marts.dashboard_cube_months (
    as_of_date date not null,
    month date not null,
    persona text not null,
    age_group text not null,
    gender text not null,
    is_all_before boolean not null,
    buyers bigint not null,
    paid_orders bigint not null,
    returns bigint not null,
    gross_revenue numeric not null,
    returns_amount numeric not null,
    net_revenue numeric not null,
    primary key (as_of_date, month, persona, age_group, gender)
);

create table marts.dashboard_cube_days (
    as_of_date date not null,
    on_day date not null,
    persona text not null,
    category text not null,
    buyers bigint not null,
    paid_orders bigint not null,
    gross_revenue numeric not null,
    returns_amount numeric not null,
    net_revenue numeric not null,
    primary key (as_of_date, on_day, persona, category)
);

create table marts.dashboard_cube_reach (
    as_of_date date not null,
    period_days integer not null,
    category text not null,
    persona text not null,
    age_group text not null,
    gender text not null,
    viewers bigint,
    buyers bigint not null,
    primary key (as_of_date, period_days, category, persona, age_group, gender)
);

-- What no number of a mart can be, found by the types and names of its columns, so that a new column is looked at too: a whole
-- number is a count and not below 0 (but days_known: a shop may tell of a sign-up to come), a share, rate, retention or
-- probability is from 0 to 1, and no number is NaN or infinite. One row per column that has such rows on the day, and one
-- pass over the day.
create function ops.impossible_numbers(mart text, as_of_date date)
returns table (column_name text, row_count bigint)
language plpgsql stable
as $$
declare
    clock text;
    counts text;
    names text[];
begin
    select attname into clock from pg_attribute where attrelid = format('marts.%I', mart)::regclass and attnum = 1;
    select string_agg(
        format('count(*) filter (where %s)', concat_ws(
            ' or ',
            case when atttypid in ('bigint'::regtype, 'integer'::regtype, 'smallint'::regtype)
                then format('%I < 0', attname)
                else format('%1$I in (''NaN'', ''Infinity'', ''-Infinity'')', attname) end,
            case when attname ~ '(^|_)(share|rate|retention|probability|p_value)(_|$)'
                then format('not %I between 0 and 1', attname) end
        )), ', ' order by attnum
    ), array_agg(attname::text order by attnum)
    into counts, names
    from pg_attribute
    where
        attrelid = format('marts.%I', mart)::regclass and attnum > 0 and not attisdropped and attname <> 'days_known'
        and atttypid in (
            'bigint'::regtype, 'integer'::regtype, 'smallint'::regtype, 'numeric'::regtype, 'double precision'::regtype,
            'real'::regtype
        );
    if counts is null or clock !~ '^(as_of_date|.*_month)$' then
        return; -- nothing to look at, or the same on every day
    end if;
    return query execute format(
        'select found.* from (select array[%s] as counted from marts.%I where %I = $1) as the_day,'
        ' unnest($2, counted) as found (column_name, row_count) where found.row_count > 0', counts, mart, clock
    ) using case when clock = 'as_of_date' then as_of_date else date_trunc('month', as_of_date)::date end, names;
end
$$;
