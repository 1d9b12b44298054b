-- insights/cohort_retention: who of the last two whole cohorts bought in the month after their first
-- grain    one row per cohort: the two newest whose second month is over, but never the first of the data, in which
--          customers of old seem new
-- reads    marts.cohorts

select
    cohort_month,
    month,
    customers,
    buyers,
    retention
from marts.cohorts
where
    as_of_date = %(as_of_date)s::date
    and months_since = 1
    and is_complete
    and cohort_month > (
        select min(earlier.cohort_month)
        from marts.cohorts as earlier
        where earlier.as_of_date = %(as_of_date)s::date
    )
order by cohort_month desc
limit 2
