-- core.products: what the shop sells, as each delivery described it
-- grain    one row per product and delivery
-- reads    staging.products, for the days in staging.batches from first_day to last_day
-- rerun    replaces what these days delivered and closes the versions of the keys they touched

create temporary table touched_products on commit drop as
select product_id from core.products
where
    known_from in (
        select source_day from staging.batches
        where source_day between %(first_day)s and %(last_day)s
    )
union
select product_id from staging.products
where source_day between %(first_day)s and %(last_day)s;

analyze touched_products;

delete from core.products
where known_from in (
    select source_day from staging.batches
    where source_day between %(first_day)s and %(last_day)s
);

insert into core.products (
    product_id,
    known_from,
    known_to,
    name,
    category,
    price,
    rating
)
select
    product_id,
    source_day as known_from,
    'infinity'::date as known_to,
    name,
    category,
    price,
    rating
from staging.products
where source_day between %(first_day)s and %(last_day)s;

update core.products as versions
set known_to = chain.known_to
from (
    select
        product_id,
        known_from,
        coalesce(
            lead(known_from) over (partition by product_id order by known_from), 'infinity'::date
        ) as known_to
    from core.products
    inner join touched_products using (product_id)
) as chain
where
    versions.product_id = chain.product_id
    and versions.known_from = chain.known_from
    and versions.known_to <> chain.known_to;
