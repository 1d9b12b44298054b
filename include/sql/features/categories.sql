-- Every text that a column of ml.features may hold on a day
-- grain    one row per column and value
-- reads    customer_profile_aside and personas_aside (as customers.sql), core.products

select
    'gender' as feature,
    gender as value
from customer_profile_aside
where gender is not null
group by gender
union all
select
    'age_group' as feature,
    age_group as value
from customer_profile_aside
group by age_group
union all
select
    'persona' as feature,
    persona as value
from personas_aside
group by persona
union all
select
    'favourite_category' as feature,
    category as value
from core.products
where known_from <= %(known_on)s::date and %(known_on)s::date < known_to and category is not null
group by category
