#!/usr/bin/env bash
# Makes a cluster of the machines named: the warehouse's database with Citus on each, and the workers known to the
# coordinator. Run at each start, it leaves alone what is there. The tables are laid out afterwards, by the migrations.
set -euo pipefail
export PGUSER=postgres
coordinator=$1
shift

for host in "$coordinator" "$@"; do
    there=$(psql --host "$host" --tuples-only --no-align --command "select 1 from pg_database where datname = 'personapulse'")
    test -n "$there" || psql --host "$host" --command "create database personapulse"
    psql --host "$host" --dbname personapulse --command "create extension if not exists citus"
done
psql --host "$coordinator" --dbname personapulse --command "select citus_set_coordinator_host('$coordinator', 5432)"
for host in "$@"; do
    psql --host "$coordinator" --dbname personapulse --command "select citus_add_node('$host', 5432)"
done
