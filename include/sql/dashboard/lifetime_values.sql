-- dashboard lifetime_values: what buyers have been worth and are expected to be, by what a dashboard filters them by
-- grain    one row per persona, age_group and gender with a buyer
-- reads    marts.ltv, marts.ltv_predicted, marts.customer_profile, marts.personas
-- adds up  over everything; intervals do not, so there are none here

with

buyers as (
    select
        personas.persona,
        profiles.age_group,
        coalesce(profiles.gender, 'unknown') as gender,
        worth.gross_revenue,
        worth.returns_amount,
        worth.net_revenue,
        worth.paid_orders,
        worth.tenure_months,
        worth.monthly_value,
        predicted.probability_alive,
        predicted.expected_purchases_12_months,
        predicted.expected_value_3_months,
        predicted.expected_value_6_months,
        predicted.expected_value_12_months
    from marts.ltv as worth
    inner join marts.personas as personas
        on worth.as_of_date = personas.as_of_date and worth.user_id = personas.user_id
    inner join marts.customer_profile as profiles
        on worth.as_of_date = profiles.as_of_date and worth.user_id = profiles.user_id
    left join marts.ltv_predicted as predicted
        on worth.as_of_date = predicted.as_of_date and worth.user_id = predicted.user_id
    where worth.as_of_date = %(as_of_date)s::date and worth.paid_orders > 0
),

final as (
    select
        persona,
        age_group,
        gender,
        count(*) as buyers,
        sum(paid_orders) as paid_orders,
        sum(gross_revenue) as gross_revenue,
        sum(returns_amount) as returns_amount,
        sum(net_revenue) as net_revenue,
        sum(tenure_months) as tenure_months,
        sum(monthly_value) as monthly_value,
        count(expected_value_12_months) as forecast_buyers,
        sum(probability_alive) as alive,
        sum(expected_purchases_12_months) as expected_purchases_12_months,
        sum(expected_value_3_months) as expected_value_3_months,
        sum(expected_value_6_months) as expected_value_6_months,
        sum(expected_value_12_months) as expected_value_12_months
    from buyers
    group by persona, age_group, gender
)

select * from final
order by persona, age_group, gender;
