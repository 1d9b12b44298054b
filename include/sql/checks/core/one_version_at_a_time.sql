-- fail: Nothing the day told anew has two versions at the same time.
-- grain    one row per finding, named by day and key

select
    changed.known_from as as_of_date,
    'order ' || changed.order_id as key
from core.orders as changed
where
    changed.known_from between %(first_day)s::date and %(as_of_date)s::date
    and exists (
        select from core.orders as others
        where
            others.order_id = changed.order_id
            and others.known_from <> changed.known_from
            and others.known_from < changed.known_to
            and changed.known_from < others.known_to
    )
union all
select
    changed.known_from as as_of_date,
    'order ' || changed.order_id || ' line ' || changed.line_no as key
from core.order_items as changed
where
    changed.known_from between %(first_day)s::date and %(as_of_date)s::date
    and exists (
        select from core.order_items as others
        where
            others.order_id = changed.order_id and others.line_no = changed.line_no
            and others.known_from <> changed.known_from
            and others.known_from < changed.known_to
            and changed.known_from < others.known_to
    )
union all
select
    changed.known_from as as_of_date,
    'return of order ' || changed.order_id as key
from core.returns as changed
where
    changed.known_from between %(first_day)s::date and %(as_of_date)s::date
    and exists (
        select from core.returns as others
        where
            others.order_id = changed.order_id and others.return_id = changed.return_id
            and others.known_from <> changed.known_from
            and others.known_from < changed.known_to
            and changed.known_from < others.known_to
    )
union all
select
    changed.known_from as as_of_date,
    'user ' || changed.user_id as key
from core.users as changed
where
    changed.known_from between %(first_day)s::date and %(as_of_date)s::date
    and exists (
        select from core.users as others
        where
            others.user_id = changed.user_id
            and others.known_from <> changed.known_from
            and others.known_from < changed.known_to
            and changed.known_from < others.known_to
    )
union all
select
    changed.known_from as as_of_date,
    'product ' || changed.product_id as key
from core.products as changed
where
    changed.known_from between %(first_day)s::date and %(as_of_date)s::date
    and exists (
        select from core.products as others
        where
            others.product_id = changed.product_id
            and others.known_from <> changed.known_from
            and others.known_from < changed.known_to
            and changed.known_from < others.known_to
    )
