-- insights/persona_sizes: who came to a persona in 28 days, who of them is new to the shop, and who left it
-- grain    one row per persona and measure (left of the persona then; joined and new of the persona now)
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
where as_of_date = %(as_of_date)s::date and measure in ('left', 'joined', 'new')
order by measure asc, ratio desc, persona asc
