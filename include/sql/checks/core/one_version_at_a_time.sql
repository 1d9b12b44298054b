-- fail: No order, user or product has two versions at the same time.
-- grain    one row per finding, named by key

select 'order ' || order_id as key
from core.orders
where known_from <= %(as_of_date)s::date and %(as_of_date)s::date < known_to
group by order_id
having count(*) > 1
union all
select 'user ' || user_id as key
from core.users
where known_from <= %(as_of_date)s::date and %(as_of_date)s::date < known_to
group by user_id
having count(*) > 1
union all
select 'product ' || product_id as key
from core.products
where known_from <= %(as_of_date)s::date and %(as_of_date)s::date < known_to
group by product_id
having count(*) > 1
