-- insights/returns_and_earnings: what came back of 28 days' orders and what they left, by the persona before them
-- grain    one row per persona and measure (returned_orders, net_per_order)
-- reads    marts.persona_outcomes

select
    persona,
    measure,
    sorted_on,
    customers,
    numerator,
    denominator,
    ratio,
    sum_xx,
    sum_xy,
    sum_yy,
    sum_xxx,
    sum_xxy,
    sum_xyy,
    sum_yyy
from marts.persona_outcomes
where as_of_date = %(as_of_date)s::date and measure in ('returned_orders', 'net_per_order')
order by measure asc, ratio desc, persona asc
