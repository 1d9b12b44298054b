-- Purchase intent: what was trained, what the gate said of it, which model served which day, what was served, how it did.

create schema ml;
comment on schema ml is 'Models: what they see, their versions, verdicts and promotions, and how they did.';

-- grain: one row per trained model; trained again to the same bytes, it is the same version
create table ml.model_versions (
    model_version text primary key,
    created_at timestamptz not null default clock_timestamp(),
    trained_for date not null,
    horizon_days integer not null check (horizon_days > 0),
    seed bigint not null,
    cut_offs date[] not null,
    hold_out date not null,
    rows_trained bigint not null,
    parameters jsonb not null,
    libraries jsonb not null,
    artifact_url text not null,
    artifact_sha256 text not null,
    artifact_bytes bigint not null,
    card_url text
);
comment on column ml.model_versions.trained_for is 'Shop day of the training: nothing later was known.';
comment on column ml.model_versions.cut_offs is 'Days the shop was looked at from to learn; the hold-out is none of them.';
comment on column ml.model_versions.libraries is 'Versions of what the artifact is unpickled with; others are refused.';
comment on column ml.model_versions.artifact_sha256 is 'Of the artifact''s bytes; other bytes are never unpickled.';

-- grain: one row per judgement; a version is judged again when the champion has changed meanwhile, and the newest counts
create table ml.gate_decisions (
    decision_no bigint generated always as identity primary key,
    model_version text not null references ml.model_versions,
    decided_for date not null,
    passed boolean not null,
    reasons jsonb not null,
    criteria jsonb not null,
    measurements jsonb not null,
    champion_version text references ml.model_versions,
    decided_at timestamptz not null default clock_timestamp()
);
create index on ml.gate_decisions (model_version);
comment on column ml.gate_decisions.reasons is 'List of sentences.';
comment on column ml.gate_decisions.criteria is 'List of objects: name, passed, value, limit, why.';
comment on column ml.gate_decisions.champion_version is 'The champion it was compared with; null if there was none.';

-- grain: one row per promotion, never changed; the champion of day D is the newest with valid_from <= D
create table ml.promotions (
    promotion_no bigint generated always as identity primary key,
    model_version text not null references ml.model_versions,
    valid_from date not null,
    kind text not null check (kind in ('gate', 'override', 'rollback')),
    promoted_by text not null check (promoted_by <> ''),
    reason text not null check (reason <> ''),
    promoted_at timestamptz not null default clock_timestamp()
);
comment on column ml.promotions.valid_from is 'First day the model scores; never before that of an earlier promotion.';

-- grain: one row per day whose customers are scored
create table ml.scored_days (
    as_of_date date primary key,
    model_version text not null references ml.model_versions,
    customers bigint not null,
    scored_at timestamptz not null default clock_timestamp()
);

-- explained in include/sql/marts/purchase_intent.yml
create table marts.purchase_intent (
    as_of_date date not null,
    user_id text not null,
    probability real not null,
    band smallint not null,
    model_version text not null,
    reason_1 text,
    reason_2 text,
    reason_3 text,
    primary key (as_of_date, user_id)
) partition by list (as_of_date);

-- grain: one row per day served, day of measuring and persona; '(all)' is everybody
create table ml.live_metrics (
    model_version text not null references ml.model_versions,
    served_on date not null,
    measured_for date not null,
    persona text not null,
    customers bigint not null,
    positives bigint not null,
    base_rate double precision,
    majority double precision,
    accuracy double precision,
    accuracy_low double precision,
    accuracy_high double precision,
    roc_auc double precision,
    pr_auc double precision,
    pr_auc_low double precision,
    pr_auc_high double precision,
    brier double precision,
    calibration_error double precision,
    primary key (served_on, measured_for, persona)
);
comment on column ml.live_metrics.served_on is 'Day whose customers were scored; what they did in the days after it is counted.';
comment on column ml.live_metrics.measured_for is 'Day of measuring: orders as they were known then.';
comment on column ml.live_metrics.positives is 'Customers with a paid order in the horizon after served_on.';
comment on column ml.live_metrics.majority is 'Accuracy of calling everybody what most were.';
comment on column ml.live_metrics.base_rate is 'Share of the customers that bought.';
comment on column ml.live_metrics.accuracy_low is 'Ends of the 95 % interval, found by drawing customers again.';
comment on column ml.live_metrics.roc_auc is 'As pr_auc, null where all bought or nobody did.';

alter table ops.data_quality
drop constraint data_quality_layer_check,
add constraint data_quality_layer_check check (layer in ('staging', 'core', 'marts', 'scores'));
