-- staging.erased: rows that name a customer who has been erased
-- grain    one row per row of the file that does; it is set aside without its text, whatever else is wrong with it
-- reads    staged (the file's typed rows), rejected, ops.erased_customers
-- leaves   rejected

with

named as (
    select distinct user_id
    from %(staged)s
    where user_id is not null
),

erased as materialized (
    select named.user_id
    from named
    inner join ops.erased_customers as gone on ops.id_hash(named.user_id) = gone.id_hash
),

replaced as (
    delete from rejected
    where row_id in (
        select staged.ctid from %(staged)s as staged
        inner join erased on staged.user_id = erased.user_id
    )
)

insert into rejected (row_no, row_id, verdict)
select
    staged.row_no,
    staged.ctid,
    'erased_customer: the customer has been erased' as verdict
from %(staged)s as staged
inner join erased on staged.user_id = erased.user_id;
