-- insights/persona_sizes: who came to a persona in 28 days, who of them is new to the shop, and who left it
-- grain    one row per persona and measure (left of the persona then; joined and new of the persona now)
-- reads    marts.persona_outcomes, marts.customer_profile
-- surprise in a shop's first months customers change persona because more becomes known of them: has_history tells whether
--          the data began at least 91 days before the earlier day

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
    sum_yyy,
    coalesce((
        select min(profiles.first_paid_on)
        from marts.customer_profile as profiles
        where profiles.as_of_date = %(as_of_date)s::date
    ) <= %(as_of_date)s::date - 28 - 91, false) as has_history
from marts.persona_outcomes
where as_of_date = %(as_of_date)s::date and measure in ('left', 'joined', 'new')
order by measure asc, ratio desc, persona asc
