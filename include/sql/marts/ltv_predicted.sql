-- marts.ltv_predicted: what each buyer will buy in the next 3, 6 and 12 months (91, 182 and 365 days)
-- grain    one row per user with a paid order, per as_of_date
-- reads    marts.ltv_model; ltv_buyers and ltv_predictions, temporary tables that personapulse.clv.nightly leaves:
--          core.customers_as_of by way of include/sql/features/purchase_histories.sql, and what the models say of each
-- rerun    replaces its own as_of_date and touches no other day
-- method   first match: no model for the day -> historic, without a forecast; one order so far -> population_mean (their
--          next orders are taken to be worth what the shop's are); else bg_nbd_gamma_gamma

with

buyers as (
    select
        number,
        user_id,
        paid_orders,
        gross_revenue
    from ltv_buyers
),

model as (
    select
        status,
        reason
    from marts.ltv_model
    where as_of_date = %(as_of_date)s::date
),

final as (
    select
        %(as_of_date)s::date as as_of_date,
        buyers.user_id,
        case
            when model.status = 'historic' then 'historic'
            when buyers.paid_orders = 1 then 'population_mean'
            else 'bg_nbd_gamma_gamma'
        end as method,
        case
            when model.status = 'historic' then model.reason
            when buyers.paid_orders = 1 then 'one order so far: the worth of the next is the mean of all buyers'
        end as reason,
        buyers.paid_orders,
        buyers.gross_revenue,
        predictions.probability_alive,
        predictions.expected_order_value,
        predictions.expected_purchases_3_months,
        predictions.expected_purchases_3_months * predictions.expected_order_value as expected_value_3_months,
        predictions.value_low_3_months,
        predictions.value_high_3_months,
        predictions.expected_purchases_6_months,
        predictions.expected_purchases_6_months * predictions.expected_order_value as expected_value_6_months,
        predictions.value_low_6_months,
        predictions.value_high_6_months,
        predictions.expected_purchases_12_months,
        predictions.expected_purchases_12_months * predictions.expected_order_value as expected_value_12_months,
        predictions.value_low_12_months,
        predictions.value_high_12_months,
        buyers.gross_revenue::double precision
        + coalesce(predictions.expected_purchases_12_months * predictions.expected_order_value, 0) as lifetime_value
    from buyers
    cross join model
    left join ltv_predictions as predictions on buyers.number = predictions.number
)

select * from final;
