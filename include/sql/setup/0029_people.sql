-- People's data: who asked to be erased, who has been, and which models learned from them.

-- grain: one row; what ids are hashed with, so that a list of all ids tells nobody who has been erased
create table ops.erasure_salt (
    is_the_salt boolean primary key default true check (is_the_salt),
    salt text not null
);
insert into ops.erasure_salt (salt) values (gen_random_uuid()::text || gen_random_uuid()::text);

-- grain: one row per customer who is to be erased; gone when they are
create table ops.erasure_requests (
    user_id text primary key,
    requested_by text not null,
    requested_at timestamptz not null default clock_timestamp()
);

-- grain: one row per erased customer; the id is not kept, and no new id that their facts go by
create table ops.erased_customers (
    id_hash text primary key,
    erased_at timestamptz not null default clock_timestamp()
);
comment on column ops.erased_customers.id_hash is 'SHA-256 of salt and id: a delivery that names them again is recognised.';

-- grain: one row per run that erased somebody: what was found, and that nothing is found any more
create table ops.erasures (
    erasure_no bigint generated always as identity primary key,
    erased_at timestamptz not null default clock_timestamp(),
    customers bigint not null,
    found jsonb not null,
    left_over jsonb not null,
    elsewhere jsonb not null
);
comment on column ops.erasures.found is 'Values erased by table and column.';
comment on column ops.erasures.left_over is 'Values found afterwards where customers are named or quoted; must be empty.';
comment on column ops.erasures.elsewhere is 'Values of other columns that read the same, such as the number of an order.';

-- grain: one row per model that learned from somebody who has been erased since
create table ml.retraining (
    model_version text primary key references ml.model_versions,
    since timestamptz not null default clock_timestamp()
);

create function ops.id_hash(user_id text)
returns text
language sql stable parallel safe
as $$
    select encode(sha256(convert_to(salt.salt || id_hash.user_id, 'UTF8')), 'hex') from ops.erasure_salt as salt
$$;

-- who has been erased is in the marts under a key that is nobody's, and leaves for nowhere
create or replace view ops.never_exported as
select
    user_id,
    'suppressed'::text as reason
from ops.suppressed_customers
union all
select distinct
    user_id,
    'erased'::text as reason
from core.users
where starts_with(user_id, 'erased-');
