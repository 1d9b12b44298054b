-- What is frozen for a calendar month is made once, and again only when what it is made of has changed.

-- grain: one row per mart and month that is made
create table ops.frozen_marts (
    mart text not null,
    month date not null,
    made_of text not null,
    row_count bigint not null,
    primary key (mart, month)
);
comment on column ops.frozen_marts.made_of is 'Hash of the select, its values and the files known on the eve of the month.';
comment on column ops.frozen_marts.row_count is 'Rows the mart holds for the month; with fewer it is made anew.';

-- grain: one row per month and quantile of the shop's persona rules
create table marts.persona_quantiles (
    cut_month date not null,
    threshold text not null,
    rule_set text not null,
    customers bigint not null,
    cut numeric,
    primary key (cut_month, threshold)
);

-- grain: one row per month and customer known on its eve
create table marts.persona_sides (
    cut_month date not null,
    user_id text not null,
    sides boolean[] not null,
    primary key (cut_month, user_id)
) partition by list (cut_month);
