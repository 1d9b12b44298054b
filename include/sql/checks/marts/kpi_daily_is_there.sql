-- fail: The day has its row of key figures.
-- grain    one row per finding, named by key

select 'kpi_daily' as key
where not exists (select from marts.kpi_daily where as_of_date = %(as_of_date)s::date)
