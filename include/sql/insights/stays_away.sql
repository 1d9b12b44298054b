-- insights/stays_away: who of those who had bought bought again in 28 days, by the persona before them
-- grain    one row per persona and measure (bought_again)
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
where as_of_date = %(as_of_date)s::date and measure in ('bought_again')
order by measure asc, ratio desc, persona asc
