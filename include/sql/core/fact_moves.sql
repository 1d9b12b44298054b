-- moves: of the touched orders and returns, as core's facts have them now
-- grain    two rows per order or return and stretch of days: added at its begin, taken back at its end
-- reads    core.order_facts, core.return_facts, core.order_products, core.return_products, touched_orders, touched_returns
-- sign     -1 before the facts are laid anew, 1 after

insert into moves (on_day, user_id, known_on, orders, paid_orders, returned_orders, gross_revenue)
select
    facts.ordered_on,
    facts.user_id,
    edges.known_on,
    edges.sign as orders,
    edges.sign * facts.is_paid::integer as paid_orders,
    edges.sign * (facts.is_paid and facts.is_returned)::integer as returned_orders,
    case when facts.is_paid then edges.sign * facts.gross_amount else 0 end as gross_revenue
from core.order_facts as facts
inner join touched_orders using (order_id)
cross join lateral (values (facts.known_from, %(sign)s), (facts.known_to, -1 * %(sign)s)) as edges (known_on, sign)
where edges.known_on < 'infinity';

insert into moves (on_day, user_id, known_on, returns, returns_amount)
select
    facts.returned_on,
    facts.user_id,
    edges.known_on,
    edges.sign as returns,
    edges.sign * facts.amount as returns_amount
from core.return_facts as facts
inner join touched_returns using (order_id, return_id)
cross join lateral (values (facts.known_from, %(sign)s), (facts.known_to, -1 * %(sign)s)) as edges (known_on, sign)
where edges.known_on < 'infinity';

insert into product_moves (month, product_id, known_on, paid_orders, returned_orders, units, gross_revenue)
select
    date_trunc('month', products.ordered_on)::date as month,
    products.product_id,
    edges.known_on,
    edges.sign as paid_orders,
    edges.sign * products.is_returned::integer as returned_orders,
    edges.sign * products.units as units,
    edges.sign * products.amount as gross_revenue
from core.order_products as products
inner join touched_orders using (order_id)
cross join lateral (values (products.known_from, %(sign)s), (products.known_to, -1 * %(sign)s)) as edges (known_on, sign)
where products.is_paid and edges.known_on < 'infinity';

insert into return_moves (month, product_id, return_reason, known_on, returns, returns_amount)
select
    date_trunc('month', products.returned_on)::date as month,
    products.product_id,
    products.return_reason,
    edges.known_on,
    edges.sign as returns,
    edges.sign * products.amount as returns_amount
from core.return_products as products
inner join touched_returns using (order_id, return_id)
cross join lateral (values (products.known_from, %(sign)s), (products.known_to, -1 * %(sign)s)) as edges (known_on, sign)
where edges.known_on < 'infinity';
