-- staging.<file>: rows whose key stands further up in the same file
-- grain    one row per such row
-- reads    staged (the file's typed rows, without those rejected before)
-- names    key, and probe: the first columns of it, which an index may have, stand for the file's columns; reason for
--          the sentence that names the key
-- why      almost no row shares even its probe with another, so only those that do are told apart by the whole key

create temporary table duplicates on commit drop as
with

crowded as (
    select %(probe)s
    from %(staged)s
    group by %(probe)s
    having count(*) > 1
),

numbered as (
    select
        row_no,
        staged.ctid as row_id,
        %(reason)s as reason,
        row_number() over (partition by %(key)s order by row_no) as place
    from %(staged)s as staged
    inner join crowded using (%(probe)s)
)

select
    row_no,
    row_id,
    'duplicate_key: ' || reason as verdict
from numbered
where place > 1;
