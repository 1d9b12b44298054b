-- Lays the warehouse out over several machines, where the server offers Citus; does nothing where it does not.
--
-- grain    one call of Citus for each table of ops.layout that does not lie yet as it says
-- when     after every migration
-- needs    Citus among shared_preload_libraries (the profile citus of docker-compose.yaml); the right to create extensions,
--          unless the database has it already
-- rerun    leaves alone what is laid out already
-- order    core.users first: the others lie with it

do $$
declare
    laid record;
begin
    if
        current_setting('shared_preload_libraries') like '%citus%'
        and exists (select from pg_available_extensions where name = 'citus')
    then
        create extension if not exists citus;
    end if;
    if to_regclass('pg_dist_partition') is null then
        return;
    end if;
    -- tables made in this transaction are known to this connection alone
    perform set_config('citus.multi_shard_modify_mode', 'sequential', true);
    for laid in
        select
            layout.table_name::regclass as name,
            layout.place
        from ops.layout as layout
        left join pg_dist_partition as distributed on layout.table_name::regclass = distributed.logicalrelid
        where layout.place <> 'coordinator' and distributed.logicalrelid is null
        order by (layout.table_name = 'core.users') desc, layout.table_name
    loop
        if laid.place = 'everywhere' then
            perform create_reference_table(laid.name);
        elsif laid.name = 'core.users'::regclass then
            perform create_distributed_table(laid.name, 'user_id');
        else
            perform create_distributed_table(laid.name, 'user_id', colocate_with => 'core.users');
        end if;
    end loop;
end
$$;
