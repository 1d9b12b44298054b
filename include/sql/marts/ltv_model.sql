-- marts.ltv_model: the models of predicted lifetime value, as fitted to what was bought up to a day
-- grain    one row per as_of_date
-- reads    ltv_fit, a temporary table that personapulse.clv.nightly leaves: maximum likelihood is no work for SQL
-- rerun    replaces its own as_of_date and touches no other day; the same purchases give the same digits
-- surprise too little data (fewer than 50 buyers, 10 of them with a second order, or 30 days): status 'historic' with a
--          reason and no parameters; a parameter the data leave open (nobody ever drops out) has no standard error

with

final as (
    select
        %(as_of_date)s::date as as_of_date,
        status,
        reason,
        buyers,
        repeat_buyers,
        history_days,
        r,
        r_error,
        alpha,
        alpha_error,
        a,
        a_error,
        b,
        b_error,
        log_likelihood,
        p,
        p_error,
        q,
        q_error,
        v,
        v_error,
        value_log_likelihood,
        mean_order_value,
        expected_purchases_12_months,
        purchases_low_12_months,
        purchases_high_12_months,
        expected_value_12_months,
        value_low_12_months,
        value_high_12_months
    from ltv_fit
)

select * from final;
