-- Where rows lie when the warehouse is several machines: setup/distribution.sql lays them out, where the server has Citus.
-- docs/scaling.md says why; on one machine this is a list and no more.

-- grain: one row per table with a row per customer, or read together with such rows
create table ops.layout (
    table_name text primary key,
    place text not null check (place in ('by customer', 'everywhere', 'coordinator')),
    reason text not null
);
comment on column ops.layout.place is
'by customer: with all that is known of its user_id. everywhere: a copy on each machine. coordinator: where files come in.';

insert into ops.layout (table_name, place, reason)
values
('core.users', 'by customer', 'versions of what was told of a customer'),
('core.order_facts', 'by customer', 'orders, with the customer they are of'),
('core.return_facts', 'by customer', 'returns, with the customer they are of'),
('core.order_products', 'by customer', 'products of orders'),
('core.return_products', 'by customer', 'products of returns'),
('core.user_days', 'by customer', 'sums per customer and day'),
('core.user_states', 'by customer', 'sums per customer'),
('core.user_months', 'by customer', 'sums per customer and month'),
('core.product_views', 'by customer', 'events'),
('core.contacts', 'by customer', 'marketing touches'),
('marts.customer_profile', 'by customer', 'one row per customer'),
('marts.personas', 'by customer', 'one row per customer'),
('marts.persona_sides', 'by customer', 'one row per customer'),
('marts.persona_changes', 'by customer', 'one row per customer who moved'),
('marts.rfm', 'by customer', 'one row per buyer'),
('marts.ltv', 'by customer', 'one row per buyer'),
('marts.ltv_predicted', 'by customer', 'one row per buyer'),
('marts.purchase_intent', 'by customer', 'one row per customer'),
('ml.features', 'by customer', 'one row per customer'),
('core.products', 'everywhere', 'thousands of rows that orders and events name'),
('core.product_mentions', 'everywhere', 'thousands of rows, read with core.products'),
('marts.rfm_cuts', 'everywhere', 'a few rows that every buyer is compared with'),
('marts.rfm_segments', 'everywhere', 'the table of segments'),
('marts.persona_cuts', 'everywhere', 'a few rows that every customer is compared with'),
('marts.persona_quantiles', 'everywhere', 'a few rows that every customer is compared with'),
('ml.model_versions', 'everywhere', 'one row per model, which every score names'),
('core.orders', 'coordinator', 'as told, by order; read by a night''s news only'),
('core.order_items', 'coordinator', 'as told, by order: whose a line is, its order says; read by a night''s news only'),
('core.returns', 'coordinator', 'as told, by order; read by a night''s news only');

-- As in 0009, but for the customer among what an order and its returns have in common.

-- grain: one row per calendar month and product ordered and paid in it
create or replace function core.product_months_as_of(as_of_date date, known_on date)
returns table (
    month date,
    product_id text,
    paid_orders bigint,
    returned_orders bigint,
    units numeric,
    gross_revenue numeric
)
language sql stable parallel safe
as $$
    select
        month,
        product_id,
        paid_orders,
        returned_orders,
        units,
        gross_revenue
    from core.product_months
    where
        product_months_as_of.known_on <= product_months_as_of.as_of_date
        and known_from <= product_months_as_of.known_on
        and product_months_as_of.known_on < known_to
    union all
    select
        date_trunc('month', products.ordered_on)::date as month,
        products.product_id,
        count(*) as paid_orders,
        count(*) filter (
            where exists (
                -- not is_returned, which counts a product as returned also if that was to happen after as_of_date
                select from core.return_facts as returns
                where
                    returns.user_id = products.user_id
                    and returns.order_id = products.order_id
                    and coalesce(returns.product_id, products.product_id) = products.product_id
                    and returns.known_from <= product_months_as_of.known_on
                    and product_months_as_of.known_on < returns.known_to
                    and returns.returned_on <= product_months_as_of.as_of_date
            )
        ) as returned_orders,
        sum(products.units) as units,
        sum(products.amount) as gross_revenue
    from core.order_products as products
    where
        product_months_as_of.known_on > product_months_as_of.as_of_date
        and products.is_paid
        and products.known_from <= product_months_as_of.known_on
        and product_months_as_of.known_on < products.known_to
        and products.ordered_on <= product_months_as_of.as_of_date
    group by date_trunc('month', products.ordered_on)::date, products.product_id
$$;
