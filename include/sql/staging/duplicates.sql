-- staging.<file>: rows whose key stands further up in the same file
-- grain    one row per such row
-- reads    staged (the file's typed rows, a partition of its staging table to be), rejected
-- leaves   rejected, with these rows too
-- names    key: the columns that tell rows apart; names_of_key: a text that names them and their values
-- why      almost no key stands there twice, so only the rows of those that do are put in order

insert into rejected (row_no, row_id, verdict)
with

crowded as (
    select %(key)s
    from %(staged)s
    group by %(key)s
    having count(*) > 1
),

numbered as (
    select
        row_no,
        staged.ctid as row_id,
        %(names_of_key)s as named,
        row_number() over (partition by %(key)s order by row_no) as place
    from %(staged)s as staged
    inner join crowded using (%(key)s)
    where not exists (select from rejected where rejected.row_id = staged.ctid)
)

select
    row_no,
    row_id,
    format('duplicate_key: %%s stands in this file already', named) as verdict
from numbered
where place > 1;
