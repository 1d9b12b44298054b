-- Schemas, and what the house writes down about its own work.

create schema if not exists ops;
create schema if not exists staging;
create schema if not exists core;
create schema if not exists marts;

comment on schema ops is 'The house''s own books: loads, quarantine, data quality, migrations.';
comment on schema staging is 'The rows of the day being loaded, typed; emptied once core has them.';
comment on schema core is 'Facts of the shop, and since when they have been known.';
comment on schema marts is 'What analysts and dashboards read; one as_of_date at a time.';

-- grain: one row per shop; a warehouse holds exactly one
create table ops.shop (
    is_this_shop boolean primary key default true check (is_this_shop),
    source_url text not null,
    name text not null,
    currency text not null,
    time_zone text not null
);

-- grain: one row per source day and file
-- state: staged (core has the day's files of before, or none), loaded, or refused (a file of the day was too bad)
-- A file that is loaded with the same sha256 and rules_sha256 is not read again.
create table ops.loads (
    source_day date not null,
    file text not null,
    address text not null,
    byte_count bigint not null,
    sha256 text not null,
    rules_sha256 text not null,
    row_count bigint not null,
    staged_count bigint not null,
    quarantined_count bigint not null,
    loaded_count bigint,
    updated_count bigint,
    unchanged_count bigint,
    state text not null check (state in ('staged', 'refused', 'loaded')),
    changed_at timestamptz not null default clock_timestamp(),
    primary key (source_day, file),
    check (row_count = staged_count + quarantined_count),
    check (state <> 'loaded' or staged_count = loaded_count + updated_count + unchanged_count)
);
comment on column ops.loads.rules_sha256 is 'Hash of what decides how the file is read: its rules and the shop''s settings.';
comment on column ops.loads.loaded_count is 'Rows whose key was not known before the day; null until core has them.';
comment on column ops.loads.updated_count is 'Rows that told something else of a known key.';
comment on column ops.loads.unchanged_count is 'Rows that told again what was known.';

-- grain: one row per file and column the contract does not know; told once, when the row is made
create table ops.ignored_columns (
    file text not null,
    column_name text not null,
    first_seen_in text not null,
    primary key (file, column_name)
);

-- grain: one row per rejected line of a file
create table ops.quarantine (
    source_day date not null,
    file text not null,
    line_no bigint not null,
    rule text not null,
    reason text not null,
    raw text not null,
    primary key (source_day, file, line_no)
);
comment on column ops.quarantine.line_no is 'Line of the file the row begins on; the header is line 1. In Parquet: row + 1.';
comment on column ops.quarantine.rule is 'missing_, untypable_ or impossible_ and the column; or field_count, duplicate_key.';

-- grain: one row per day and rule; a rule without findings has count 0
create table ops.data_quality (
    as_of_date date not null,
    layer text not null check (layer in ('staging', 'core', 'marts')),
    rule text not null,
    severity text not null check (severity in ('warn', 'fail')),
    finding_count bigint not null,
    sample_keys text[] not null,
    description text not null,
    primary key (as_of_date, layer, rule)
);
