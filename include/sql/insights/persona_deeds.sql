-- insights/persona_deeds: what customers bought, sent back and looked at in 28 days, by the persona before these days
-- grain    one row per persona and measure (has_bought, bought_again, returned_orders, net_per_order, lost_visits)
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
where
    as_of_date = %(as_of_date)s::date
    and measure in ('has_bought', 'bought_again', 'returned_orders', 'net_per_order', 'lost_visits')
order by measure asc, ratio desc, persona asc
