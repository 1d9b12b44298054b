-- Audiences: customers that marketers take out, who is kept back to compare with, who never leaves, and what left when.

-- grain: one row per customer who must not be sent anywhere, whatever they are
create table ops.suppressed_customers (
    user_id text primary key check (user_id <> ''),
    reason text not null check (reason <> ''),
    since timestamptz not null default clock_timestamp()
);
comment on table ops.suppressed_customers is 'Written by personapulse audience suppress; the customer need not be known.';

-- grain: one row per customer who must never be exported, and reason; the only place exports ask, so further reasons
-- (a customer who was erased) are added here, with create or replace view
create view ops.never_exported as
select
    user_id,
    'suppressed'::text as reason
from ops.suppressed_customers;

-- grain: one row per audience, customer and side (kept back or not) they were ever on; a customer is on one side as long as
-- the salt of include/audiences.yaml and the share kept back stay as they are
create table ops.audience_members (
    audience text not null,
    user_id text not null,
    is_held_out boolean not null,
    first_on date not null,
    last_on date not null check (last_on >= first_on),
    primary key (audience, user_id, is_held_out)
);
comment on table ops.audience_members is 'Who was exported, and who would have been but was held out: the two sides of a lift.';
comment on column ops.audience_members.first_on is 'First day the audience was exported with them in it, or held out of it.';

-- grain: one row per audience, day and destination each time it was tried
create table ops.audience_exports (
    export_no bigint generated always as identity primary key,
    audience text not null,
    as_of_date date not null,
    destination text not null,
    customers bigint not null check (customers >= 0),
    held_out bigint not null check (held_out >= 0),
    suppressed bigint not null check (suppressed >= 0),
    sha256 text not null,
    idempotency_key text not null,
    state text not null default 'started' check (state in ('started', 'exported', 'failed')),
    error text check ((error is not null) = (state = 'failed')),
    exported_by text not null,
    run_id text,
    started_at timestamptz not null default clock_timestamp(),
    exported_at timestamptz check ((exported_at is not null) = (state = 'exported'))
);
create index on ops.audience_exports (audience, as_of_date, destination);
comment on column ops.audience_exports.destination is 'A folder, or a connection and its host; never a path, token or secret.';
comment on column ops.audience_exports.customers is 'Rows that left; held_out and suppressed customers come on top.';
comment on column ops.audience_exports.sha256 is 'Of the CSV; a webhook that takes JSON is sent the same rows.';
comment on column ops.audience_exports.idempotency_key is 'The same for the same audience, day and content.';
comment on column ops.audience_exports.state is 'started and nothing after it: the process was killed on the way.';
