-- dashboard days_people: the last 92 days one by one, by persona, age group and gender
-- grain    one row per on_day, persona, age_group and gender with a purchase or a return
-- reads    marts.dashboard_cube_days
-- adds up  over everything but buyers over days

select
    on_day,
    persona,
    age_group,
    gender,
    buyers,
    paid_orders,
    gross_revenue,
    returns_amount,
    net_revenue
from marts.dashboard_cube_days
where as_of_date = %(as_of_date)s::date and category = '(all)'
order by on_day, persona, age_group, gender;
