-- staging.<events>: events that stand further up in the same file
-- grain    one row per such row
-- reads    staged (the file's typed rows, indexed by probe), rejected
-- leaves   rejected, with these rows too
-- names    key: the columns that tell events apart; probe: those of them that the index has, first of them time
-- why      almost no event shares even its probe with another, so only those that do are told apart by the whole key;
--          the index has them in order already, and its parts before and after two o'clock are read at once

-- to hash or sort millions of rows anew takes far longer than to read them in the index's order
set local enable_hashagg = off;
set local enable_seqscan = off;
set local enable_sort = off;

create temporary table crowded on commit drop as
select %(probe)s
from %(staged)s
where %(time)s < (%(day)s::date + time '14:00') at time zone %(time_zone)s
group by %(probe)s
having count(*) > 1
union all
select %(probe)s
from %(staged)s
where %(time)s >= (%(day)s::date + time '14:00') at time zone %(time_zone)s
group by %(probe)s
having count(*) > 1;

set local enable_hashagg = on;
set local enable_seqscan = on;
set local enable_sort = on;

analyze crowded;

insert into rejected (row_no, row_id, verdict)
with

numbered as (
    select
        row_no,
        staged.ctid as row_id,
        row_number() over (partition by %(key)s order by row_no) as place
    from %(staged)s as staged
    inner join crowded using (%(probe)s)
    where not exists (select from rejected where rejected.row_id = staged.ctid)
)

select
    row_no,
    row_id,
    'duplicate_key: the same event stands in this file already' as verdict
from numbered
where place > 1;

drop table crowded;
