-- fail: The day has its row of models, and a score of every method and measure.
-- grain    one row per finding, named by key

select 'ltv_model' as key
where not exists (select from marts.ltv_model where as_of_date = %(as_of_date)s::date)
union all
select methods.method || ', ' || measures.measure as key
from (values ('bg_nbd_gamma_gamma'), ('naive_rate'), ('all_zero')) as methods (method)
cross join (values ('purchases'), ('revenue')) as measures (measure)
where
    not exists (
        select from marts.ltv_backtest as scores
        where
            scores.as_of_date = %(as_of_date)s::date
            and scores.method = methods.method
            and scores.measure = measures.measure
    )
