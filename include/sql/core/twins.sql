-- twins: events of one source day that other source days told too
-- grain    one row per event
-- reads    core.<events> of the day and of the days whose events span the same time
-- leaves   twins, with the first of the other days that told the event; known_on is the day its move was counted on that
--          should not have been: the later of the two first tellings
-- names    table, key (columns) and time (column) stand for those of the event table

create temporary table twins on commit drop as
with

within as (
    select %(key)s
    from core.%(table)s
    where known_from = %(day)s and %(time)s between %(first_at)s and %(last_at)s
),

elsewhere as (
    select
        %(key)s,
        min(others.known_from) as other_day
    from within
    inner join core.%(table)s as others using (%(key)s)
    where others.known_from = any(%(other_days)s)
    group by %(key)s
)

select
    *,
    greatest(other_day, %(day)s) as known_on
from elsewhere;
