-- fail: No count is below 0, no share outside 0 to 1, no number NaN or infinite, in any mart.
-- grain    one row per finding, named by key: the mart and its column
-- all      marts and columns are looked at by their types and names, each mart in one pass: ops.impossible_numbers

select
    marts.relname || '.' || found.column_name as key,
    found.row_count
from pg_class as marts
cross join lateral ops.impossible_numbers(marts.relname::text, %(as_of_date)s::date) as found
where marts.relnamespace = 'marts'::regnamespace and marts.relkind in ('r', 'p') and not marts.relispartition
