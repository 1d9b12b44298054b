-- What the dashboard in the browser serves: one document per day, and a role that can read nothing else.

-- grain: one row per day published; published again to the same document, it stays as it is
create table ops.dashboards (
    as_of_date date primary key,
    etag text not null,
    packed bytea not null,
    published_at timestamptz not null default clock_timestamp()
);
comment on table ops.dashboards is 'Sums over groups of customers, as JSON packed with gzip; no customer is named.';
comment on column ops.dashboards.etag is 'Hash of the JSON.';

-- grain: one row
create view ops.dashboard_index as
select
    array(select as_of_date from ops.dashboards order by as_of_date) as days,
    array(select distinct source_day from ops.loads where state = 'refused' order by source_day) as refused,
    (select max(source_day) from ops.loads where state = 'loaded') as newest_loaded;
comment on view ops.dashboard_index is 'Days that can be looked at, and those that came in or were refused since.';

-- A role of its own, without a password: until one is set it logs in only where the server trusts the connection. Roles
-- belong to the whole server, so another warehouse on it may have made it; who may make none reads with their own rights.
do $$
begin
    create role personapulse_dashboard login;
exception
    when duplicate_object or unique_violation then null;
    when insufficient_privilege then raise warning 'No right to create the role personapulse_dashboard: create it, and run the grants of 0024_dashboards.sql.';
end
$$;
do $$
begin
    if exists (select from pg_roles where rolname = 'personapulse_dashboard') then
        grant usage on schema ops to personapulse_dashboard;
        grant select on ops.dashboards, ops.dashboard_index to personapulse_dashboard;
    end if;
end
$$;
