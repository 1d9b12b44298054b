-- fail: A forecast is a number, nothing in it is negative, and a longer time brings no less; without a model there is none.
-- grain    one row per finding, named by key

select user_id as key
from marts.ltv_predicted
where
    as_of_date = %(as_of_date)s::date
    and case
        when method = 'historic' then reason is null or expected_value_12_months is not null
        else
            coalesce(
                not (
                    probability_alive between 0 and 1
                    and 0 <= expected_order_value
                    and 0 <= expected_purchases_3_months
                    and expected_purchases_3_months <= expected_purchases_6_months
                    and expected_purchases_6_months <= expected_purchases_12_months
                    and 0 <= value_low_3_months and value_low_3_months <= value_high_3_months
                    and 0 <= value_low_6_months and value_low_6_months <= value_high_6_months
                    and 0 <= value_low_12_months and value_low_12_months <= value_high_12_months
                    -- NaN counts as larger than every number
                    and expected_value_12_months < 'infinity'::double precision
                    and value_high_12_months < 'infinity'::double precision
                ),
                true
            )
    end
