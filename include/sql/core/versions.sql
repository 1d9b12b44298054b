-- core.<told>: lay the versions of one table anew, for the keys that the days to be merged told or used to tell
-- grain    one row per key and version
-- reads    arriving (from <told>.sql), core.<told>
-- rerun    what the days said before is taken back first; days in any order, or twice, end the same
-- leaves   touched (keys); returns, per day, its rows with a new key, with something new, and with nothing new
-- names    table, key and content (columns) stand for those of the table

create temporary table touched on commit drop as
select %(key)s from arriving
union
select %(key)s from core.%(table)s
where %(is_again)s and delivered_on && %(days_range)s::datemultirange;

analyze touched;

create temporary table compared on commit drop as
with

told as (
    select
        %(key)s,
        %(content)s,
        stretches.days,
        false as is_arriving
    from core.%(table)s
    inner join touched using (%(key)s)
    cross join lateral unnest(delivered_on - %(days_range)s::datemultirange) as stretches (days)
    union all
    select
        %(key)s,
        %(content)s,
        daterange(known_from, known_from + 1) as days,
        true as is_arriving
    from arriving
)

select
    *,
    row_number() over by_day = 1 as is_first,
    row(%(content)s) is distinct from lag(row(%(content)s)) over by_day as is_different
from told
window by_day as (partition by %(key)s order by days);

create temporary table laid on commit drop as
with

numbered as (
    select
        *,
        count(*) filter (where is_first or is_different) over (partition by %(key)s order by days) as version
    from compared
),

versions as (
    select
        %(key)s,
        %(content)s,
        min(lower(days)) as known_from,
        range_agg(days) as delivered_on
    from numbered
    group by %(key)s, %(content)s, version
)

select
    *,
    coalesce(lead(known_from) over (partition by %(key)s order by known_from), 'infinity'::date) as known_to
from versions;

analyze laid;

delete from core.%(table)s as stored
using touched
where
    (%(stored_key)s) = (%(touched_key)s)
    and not exists (
        select from laid
        where (%(stored_key)s, stored.known_from) = (%(laid_key)s, laid.known_from)
    );

merge into core.%(table)s as stored
using laid on (%(stored_key)s, stored.known_from) = (%(laid_key)s, laid.known_from)
when matched and row(%(stored_content)s, stored.known_to, stored.delivered_on)
    is distinct from row(%(laid_content)s, laid.known_to, laid.delivered_on)
    then update set (%(content)s, known_to, delivered_on) = row(%(laid_content)s, laid.known_to, laid.delivered_on)
when not matched
    then insert (%(key)s, known_from, known_to, delivered_on, %(content)s)
    values (%(laid_key)s, laid.known_from, laid.known_to, laid.delivered_on, %(laid_content)s);

select
    lower(days) as known_from,
    count(*) filter (where is_first) as loaded,
    count(*) filter (where is_different and not is_first) as updated,
    count(*) filter (where not is_different and not is_first) as unchanged
from compared
where is_arriving
group by lower(days);
