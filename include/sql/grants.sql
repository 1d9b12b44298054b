-- Who may do what in the warehouse.
--
-- grain    one statement for each kind of right
-- when     after every migration, and whenever this text has changed
--
--                 staging, core        marts, ml                     ops                               reporting
-- pp_loader       owns                 nothing                       reads; its own books              nothing
-- pp_modeler      reads core           owns                          reads; what it finds, publishes   reads
-- pp_reader       nothing              marts, no personal columns    reads what has run                reads
-- pp_auditor      reads                reads                         reads                             reads
-- pp_admin        as loader            as modeler                    everything                        reads
--
-- A day of a table is a partition, and only its owner may put one in place: so loader and modeler own their tables. Rights
-- are those of the parent table; nobody needs any on a partition.

-- Handing over: what migrations made, and what was there before there were roles.
do $$
declare
    handed record;
begin
    grant usage, create on schema staging, core to pp_loader;
    grant usage, create on schema marts, ml to pp_modeler;
    grant usage, create on schema ops to pp_admin;
    for handed in
        select
            pg_class.oid::regclass as name,
            owners.owner
        from pg_class
        inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
        inner join (
            values
            ('staging', 'pp_loader'), ('core', 'pp_loader'), ('marts', 'pp_modeler'), ('ml', 'pp_modeler'), ('ops', 'pp_admin')
        ) as owners (schema_name, owner) on pg_namespace.nspname = owners.schema_name
        where pg_class.relkind in ('r', 'p') and pg_get_userbyid(pg_class.relowner) <> owners.owner
    loop
        execute format('alter table %s owner to %I', handed.name, handed.owner);
    end loop;
end
$$;

-- Nobody else: what is not given below is not there. (Of partitions nothing was ever given.)
do $$
declare
    given record;
begin
    execute format('revoke temporary on database %I from public', current_database());
    execute format('grant temporary on database %I to pp_loader, pp_modeler, pp_admin', current_database());
    for given in
        select distinct
            pg_class.oid::regclass as name,
            grantee.rolname
        from pg_class
        inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
        left join pg_attribute on pg_class.oid = pg_attribute.attrelid
        cross join lateral aclexplode(coalesce(pg_attribute.attacl, pg_class.relacl)) as acl
        inner join pg_roles as grantee on acl.grantee = grantee.oid
        where
            pg_namespace.nspname in ('ops', 'staging', 'core', 'marts', 'ml', 'reporting')
            and grantee.rolname in ('pp_loader', 'pp_modeler', 'pp_reader', 'pp_auditor')
            and acl.grantee <> pg_class.relowner
    loop
        execute format('revoke all on %s from %I', given.name, given.rolname);
    end loop;
end
$$;

-- Reading: the auditor everything, the modeler what marts are made of, and both keep books.
grant usage on schema ops, staging, core, marts, ml, reporting to pp_auditor;
grant select on all tables in schema ops, staging, core, marts, ml, reporting to pp_auditor;
grant usage on schema core, ops, reporting to pp_modeler;
grant select on all tables in schema core, ops, reporting to pp_modeler;
grant usage on schema ops to pp_loader;
grant select on all tables in schema ops to pp_loader;
-- (what has run names nobody, and whoever reads a figure may ask how old it is)
grant usage on schema ops to pp_reader;
grant select on ops.runs, ops.late_nights to pp_reader;
grant usage on schema reporting to pp_reader, pp_admin;
grant select on all tables in schema reporting to pp_reader, pp_admin;
alter default privileges for role pp_loader in schema staging, core grant select on tables to pp_auditor;
alter default privileges for role pp_loader in schema core grant select on tables to pp_modeler;
alter default privileges for role pp_modeler in schema marts, ml grant select on tables to pp_auditor;

-- Writing in the house's books: each its own pages.
grant insert, update, delete on ops.shop, ops.loads, ops.quarantine, ops.ignored_columns, ops.data_quality to pp_loader;
grant insert, update, delete on ops.data_quality, ops.frozen_marts, ops.dashboards, ops.runs, ops.late_nights to pp_modeler;

-- The reader: all of marts but what a customer is, as a person.
do $$
declare
    readable record;
begin
    grant usage on schema marts to pp_reader;
    for readable in
        select
            pg_class.oid::regclass as name,
            string_agg(quote_ident(pg_attribute.attname), ', ' order by pg_attribute.attnum) filter (
                where not (
                    pg_attribute.attname in ('gender', 'age', 'age_group', 'location')
                    and exists (
                        select from pg_attribute as keys
                        where keys.attrelid = pg_class.oid and keys.attname = 'user_id' and not keys.attisdropped
                    )
                )
            ) as columns
        from pg_class
        inner join pg_attribute on pg_class.oid = pg_attribute.attrelid
        where
            pg_class.relnamespace = 'marts'::regnamespace
            and pg_class.relkind in ('r', 'p', 'v')
            and not pg_class.relispartition
            and pg_attribute.attnum > 0
            and not pg_attribute.attisdropped
        group by pg_class.oid
    loop
        execute format('grant select (%s) on %s to pp_reader', readable.columns, readable.name);
    end loop;
end
$$;
