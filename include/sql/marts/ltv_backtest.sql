-- marts.ltv_backtest: how well the models would have foretold what buyers did up to a day, against two simple answers
-- grain    one row per as_of_date, method and measure
-- reads    ltv_scores, a temporary table that personapulse.clv.nightly leaves: the models are fitted to what was known on
--          the calibration's end, and their forecast for the days since is held against what came
-- rerun    replaces its own as_of_date and touches no other day
-- surprise a total error is over all buyers; RMSE and correlation are over single buyers, most of whom buy nothing

with

final as (
    select
        %(as_of_date)s::date as as_of_date,
        method,
        measure,
        calibration_end,
        horizon_days,
        reason,
        buyers,
        predicted,
        actual,
        total_error,
        rmse,
        correlation
    from ltv_scores
)

select * from final;
