"""RFM, lifetime value, funnel and cohorts computed anew from all of history by DuckDB, to compare the marts with.

The same definitions over plain tables of orders, returns and events, as somebody would write them who starts from
nothing every night.
"""

import tempfile
import time
from collections.abc import Callable
from typing import Any

import duckdb
import psycopg

TABLES = {
    "orders": "select user_id, order_id, ordered_on, is_paid, gross_amount from core.order_facts"
    " where known_to = 'infinity'",
    "order_products": "select order_id, product_id from core.order_products where known_to = 'infinity'",
    "returns": "select user_id, nullif(order_id, '') as order_id, returned_on, amount from core.return_facts"
    " where known_to = 'infinity'",
    "events": "select user_id, product_id, category, event_type, viewed_at from core.product_views"
    " where known_to = 'infinity'",
    "products": "select product_id, category from core.products where known_to = 'infinity'",
}

CUSTOMERS = """
    create or replace table customers as
    with bought as (
        select
            user_id, count(*) as frequency, sum(gross_amount) as gross, min(ordered_on) as first_on,
            max(ordered_on) as last_on
        from orders where is_paid group by user_id
    ),
    returned as (select user_id, sum(amount) as amount from returns group by user_id)
    select
        user_id, date '{day}' - last_on as recency_days, frequency, gross - coalesce(amount, 0) as monetary, first_on,
        coalesce(amount, 0) as returns_amount, gross
    from bought left join returned using (user_id)
"""
RFM = """
    create or replace table rfm as
    with cuts as (
        select
            quantile_cont(recency_days, [0.2, 0.4, 0.6, 0.8]) as r,
            quantile_cont(frequency, [0.2, 0.4, 0.6, 0.8]) as f,
            quantile_cont(monetary, [0.2, 0.4, 0.6, 0.8]) as m
        from customers
    )
    select
        user_id, recency_days, frequency, monetary,
        5 - (recency_days > r[1])::int - (recency_days > r[2])::int
        - (recency_days > r[3])::int - (recency_days > r[4])::int as r_score,
        1 + (frequency > f[1])::int + (frequency > f[2])::int
        + (frequency > f[3])::int + (frequency > f[4])::int as f_score,
        1 + (monetary > m[1])::int + (monetary > m[2])::int
        + (monetary > m[3])::int + (monetary > m[4])::int as m_score
    from customers cross join cuts
"""
LTV = """
    create or replace table ltv as
    select
        user_id, gross, returns_amount, monetary as net, frequency as paid_orders,
        date_diff('month', first_on, date '{day}') as tenure_months,
        monetary / greatest(date_diff('month', first_on, date '{day}'), 1) as monthly_value
    from customers
"""
COHORTS = """
    create or replace table cohorts as
    with members as (select user_id, date_trunc('month', first_on) as cohort_month from customers),
    bought as (
        select user_id, date_trunc('month', ordered_on) as month, count(*) as paid_orders, sum(gross_amount) as gross
        from orders where is_paid group by all
    ),
    returned as (
        select user_id, date_trunc('month', returned_on) as month, sum(amount) as amount from returns group by all
    )
    select
        cohort_month, month, count(paid_orders) as buyers, sum(paid_orders) as paid_orders, sum(gross) as gross,
        sum(amount) as returns_amount
    from members inner join (bought full outer join returned using (user_id, month)) using (user_id)
    group by all
"""
FUNNEL = """
    create or replace table funnel as
    with seen as (
        select user_id, coalesce(events.category, products.category) as category, event_type, viewed_at as moment
        from events left join products using (product_id)
        where viewed_at >= date '{day}' - 41 and viewed_at < date '{day}' + 1
    ),
    sliced as (
        select user_id, unnest(['(all)', category]) as category, event_type, moment from seen
    ),
    entrants as (
        select user_id, category, min(moment) as moment, date_trunc('day', min(moment)) + interval 15 day as until
        from sliced where event_type = 'view' and moment < date '{day}' - 13 group by all
    ),
    carts as (
        select user_id, category, min(s.moment) as moment, any_value(until) as until
        from entrants e inner join sliced s using (user_id, category)
        where event_type = 'add_to_cart' and s.moment >= e.moment and s.moment < until group by all
    ),
    checkouts as (
        select user_id, category, min(s.moment) as moment, any_value(until) as until
        from carts e inner join sliced s using (user_id, category)
        where event_type = 'checkout' and s.moment >= e.moment and s.moment < until group by all
    ),
    returned as (select distinct order_id from returns),
    placed as (
        select user_id, order_id, ordered_on + interval 86399 second as moment, is_paid,
            is_paid and returned.order_id is null as is_kept
        from orders left join returned using (order_id) where ordered_on >= date '{day}' - 41
    ),
    purchases as (
        select *, '(all)' as category from placed
        union all
        select distinct placed.*, category
        from placed inner join order_products using (order_id) inner join products using (product_id)
    ),
    bought as (
        select user_id, category, bool_or(is_paid) as is_paid, bool_or(is_kept) as is_kept
        from checkouts c inner join purchases p using (user_id, category)
        where p.moment >= c.moment and p.moment < until group by all
    )
    select
        category, count(*) as views, count(carts.moment) as carts, count(checkouts.moment) as checkouts,
        count(bought.user_id) as placed, count(*) filter (bought.is_paid) as paid,
        count(*) filter (bought.is_kept) as kept
    from entrants left join carts using (user_id, category) left join checkouts using (user_id, category)
    left join bought using (user_id, category)
    group by category
"""
STEPS = {"customers": CUSTOMERS, "rfm": RFM, "ltv": LTV, "cohorts": COHORTS, "funnel": FUNNEL}


def copy_core(warehouse: psycopg.Connection[Any], threads: int) -> duckdb.DuckDBPyConnection:
    """Copy what core knows of orders, returns and events into a DuckDB in memory."""
    engine = duckdb.connect(config={"threads": threads})
    for name, query in TABLES.items():
        with tempfile.NamedTemporaryFile(suffix=".csv") as file:
            with (
                warehouse.cursor() as cursor,
                cursor.copy(f"copy ({query}) to stdout (format csv, header)".encode()) as rows,
            ):
                file.writelines(rows)
            file.flush()
            engine.execute(f"create table {name} as select * from read_csv('{file.name}', header = true)")
    return engine


def recompute(engine: duckdb.DuckDBPyConnection, day: Any, say: Callable[[str], None]) -> dict[str, float]:
    """Compute everything anew; return the seconds of each step."""
    seconds = {}
    for name, statement in STEPS.items():
        began = time.perf_counter()
        engine.execute(statement.format(day=day))
        seconds[name] = time.perf_counter() - began
    say("DuckDB: " + ", ".join(f"{name} {taken:.2f}" for name, taken in seconds.items()))
    return seconds
