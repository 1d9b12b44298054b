-- fail: No file of events is, byte for byte, the file of an earlier day.
-- grain    one row per finding, named by key
-- silent   below 20 rows (few rows may well be told twice), and for users and products, which some shops deliver whole
--          every day; later days do not count, so that the day the file is really of can always be loaded

select loads.file || ': the file of ' || max(earlier.source_day) as key
from ops.loads as loads
inner join ops.loads as earlier
    on
        loads.file = earlier.file
        and loads.sha256 = earlier.sha256
        and loads.source_day > earlier.source_day
        and earlier.state = 'loaded'
where
    loads.source_day = %(as_of_date)s::date
    and loads.state <> 'refused'
    and loads.file not in ('users', 'products')
    and loads.row_count >= 20
group by loads.file
