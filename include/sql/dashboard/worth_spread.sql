-- dashboard worth_spread: how net revenue per buyer spreads within a persona
-- grain    one row per persona with a buyer
-- reads    marts.ltv, marts.personas

with

final as (
    select
        personas.persona,
        count(*) as buyers,
        percentile_cont(0.1) within group (order by worth.net_revenue) as low,
        percentile_cont(0.25) within group (order by worth.net_revenue) as lower_quartile,
        percentile_cont(0.5) within group (order by worth.net_revenue) as middle,
        percentile_cont(0.75) within group (order by worth.net_revenue) as upper_quartile,
        percentile_cont(0.9) within group (order by worth.net_revenue) as high
    from marts.ltv as worth
    inner join marts.personas as personas
        on worth.as_of_date = personas.as_of_date and worth.user_id = personas.user_id
    where worth.as_of_date = %(as_of_date)s::date and worth.paid_orders > 0
    group by personas.persona
)

select * from final
order by persona;
