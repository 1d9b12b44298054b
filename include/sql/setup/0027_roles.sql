-- Who works here: a role for each kind of work, with no more rights than that work needs. What each may do is in
-- include/sql/grants.sql, which is run again after every migration.
--
-- Roles belong to the whole server, so another warehouse on it may have made them. They have no password: until one is set
-- they log in only where the server trusts the connection. Whoever may make no roles is told so, and goes on with the
-- rights of the one login they have.
do $$
declare
    role_name text;
begin
    foreach role_name in array array['pp_loader', 'pp_modeler', 'pp_reader', 'pp_auditor', 'pp_admin'] loop
        begin
            execute format('create role %I login', role_name);
        exception
            when duplicate_object or unique_violation then null;
        end;
    end loop;
    grant pp_loader, pp_modeler to pp_admin;
    -- whoever is no superuser must be a member to hand tables over
    if not (select rolsuper from pg_roles where rolname = current_user) then
        execute format('grant pp_loader, pp_modeler, pp_admin to %I', current_user);
    end if;
exception
    when insufficient_privilege then
        raise warning 'No right to create the roles pp_loader, pp_modeler, pp_reader, pp_auditor and pp_admin (docs/security.md).';
end
$$;

-- grain: one row; which text of include/sql/grants.sql this warehouse follows
create table ops.grants (
    is_followed boolean primary key default true check (is_followed),
    sha256 text not null,
    followed_at timestamptz not null default clock_timestamp()
);
