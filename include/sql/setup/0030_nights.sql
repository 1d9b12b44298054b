-- What has run, and which nights were late.

-- grain: one row per run of a dag; a run that is cleared and goes again keeps its row
create table ops.runs (
    dag_id text not null,
    run_id text not null,
    day date,
    run_type text not null,
    outcome text not null check (outcome in ('running', 'success', 'failed')),
    started_at timestamptz not null,
    ended_at timestamptz,
    seconds numeric(12, 1) generated always as (extract(epoch from ended_at - started_at)) stored,
    row_count bigint,
    tasks_tried integer,
    failed_tasks text[] not null default '{}',
    filed_under date generated always as (coalesce(day, (started_at at time zone 'UTC')::date)) stored,
    primary key (dag_id, run_id),
    check ((outcome = 'running') = (ended_at is null))
);
create index runs_by_day on ops.runs (filed_under);
comment on column ops.runs.day is 'The shop day the run is for: its partition key; null of a run that has none.';
comment on column ops.runs.row_count is 'Ingestion: rows of the day''s files. Segments: customers. Scores: customers scored.';
comment on column ops.runs.tasks_tried is 'Tries of all tasks together: more than there are tasks if some were tried again.';
comment on column ops.runs.filed_under is 'By this a run is listed, and let go: its day, else the day it started (UTC).';

-- grain: one row per day that was not published by the shop's deadline: people were told, once
create table ops.late_nights (
    day date primary key,
    standing text not null,
    told_at timestamptz not null default clock_timestamp()
);
comment on column ops.late_nights.standing is 'How far the day had come then.';
