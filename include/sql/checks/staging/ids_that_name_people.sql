-- warn: Customers are named by keys, and not by e-mail addresses or telephone numbers.
-- grain    one row per file and kind of name, with how many customers it names so; the names themselves are not repeated
-- why      user_id stands in core, marts, audiences and scores. A key says nothing of who it is without the shop's own books;
--          an address does, to whoever reads any of them (docs/privacy.md).

with

names as (
    select
        'users' as file,
        user_id
    from staging.users
    where known_from = %(as_of_date)s::date
    union
    select
        'orders' as file,
        user_id
    from staging.orders
    where known_from = %(as_of_date)s::date
),

telling as (
    select
        file,
        case
            when user_id ~ '^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$' then 'e-mail addresses'
            when user_id ~ '^[+][0-9][0-9 ()/.-]{7,}$' then 'telephone numbers'
        end as kind
    from names
)

select file || ': ' || count(*) || ' values of user_id are ' || kind as key
from telling
where kind is not null
group by file, kind
