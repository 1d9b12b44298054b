-- core.user_months, product_months, return_months: what was known of a month, over which source days
-- grain    one row per key of the table (a month and of what) and stretch of source days
-- reads    the moves named in personapulse/ingest/months.py (same transaction), the table itself
-- rerun    moves of a day merged twice come to nothing
-- Stretches that ended before the first change of their key are left alone: what is told today does not move what was
-- known long ago.

create temporary table month_changes on commit drop as
select
    %(keys)s,
    known_on,
    %(summed)s
from %(moves)s
group by %(keys)s, known_on
having row(%(sums)s) <> row(%(zeros)s);

analyze month_changes;

create temporary table month_former on commit drop as
select stored.*
from core.%(table)s as stored
inner join (
    select
        %(keys)s,
        min(known_on) as changed_on
    from month_changes
    group by %(keys)s
) as changed using (%(keys)s)
where stored.known_to >= changed.changed_on;

delete from core.%(table)s as stored
using month_former as former
where %(is_former)s and stored.known_from = former.known_from;

insert into core.%(table)s (%(keys)s, known_from, known_to, %(columns)s)
with

edges as (
    select
        %(keys)s,
        known_on,
        %(columns)s
    from month_changes
    union all
    select
        %(keys)s,
        known_from as known_on,
        %(columns)s
    from month_former
    union all
    select
        %(keys)s,
        known_to as known_on,
        %(negated)s
    from month_former
    where known_to < 'infinity'
),

steps as (
    select
        %(keys)s,
        known_on,
        %(summed)s
    from edges
    group by %(keys)s, known_on
    having row(%(sums)s) <> row(%(zeros)s)
),

stretches as (
    select
        %(keys)s,
        known_on as known_from,
        coalesce(lead(known_on) over so_far, 'infinity'::date) as known_to,
        %(summed_so_far)s
    from steps
    window so_far as (partition by %(keys)s order by known_on)
)

select
    %(keys)s,
    known_from,
    known_to,
    %(columns)s
from stretches
-- a month of which nothing is left has no row
where row(%(columns)s) <> row(%(zeros)s);

drop table month_changes, month_former;
