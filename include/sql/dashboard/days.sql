-- dashboard days: the last 92 days one by one, by persona and category
-- grain    one row per on_day, persona and category with a purchase or a return; category also '(all)'
-- reads    marts.dashboard_cube_days
-- adds up  over days and personas, but for buyers over days. Of categories, amounts do, and come to those of '(all)'
-- surprise nothing by age group and gender: the document would be several times as large; days_people has them

select
    on_day,
    persona,
    category,
    sum(buyers) as buyers,
    sum(paid_orders) as paid_orders,
    sum(returned_orders) as returned_orders,
    sum(gross_revenue) as gross_revenue,
    sum(returns_amount) as returns_amount,
    sum(net_revenue) as net_revenue
from marts.dashboard_cube_days
where as_of_date = %(as_of_date)s::date
group by on_day, persona, category
order by on_day, persona, category;
