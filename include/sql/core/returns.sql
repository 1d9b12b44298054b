-- core.returns: what came back, as each delivery told it
-- grain    one row per return and delivery, cut where the order changed hands 
-- reads    staging.returns, core.order_owners, touched_orders (from core/orders.sql, same transaction)
-- rerun    takes the touched returns' deliveries apart and lays them anew, in whatever order days arrive
-- surprise a return has no id of its own: order, product, customer and time tell it from others, and its number among
--          equals in one file (two of a kind sent back are two returns); without order and time, also the source day
--          its customer is the order's; the one it names itself counts only while the order's is not known

create temporary table arriving_returns on commit drop as
select
    source_day as delivered_on,
    jsonb_build_array(
        order_id,
        product_id,
        user_id,
        to_char(returned_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
        case when order_id is null and returned_at is null then source_day end,
        row_number() over (
            partition by source_day, order_id, product_id, user_id, returned_at
            order by row_no
        )
    )::text as return_id,
    user_id as named_user_id,
    order_id,
    product_id,
    return_reason,
    (returned_at at time zone %(time_zone)s)::date as dated_on,
    amount
from staging.returns
where source_day between %(first_day)s and %(last_day)s;

create temporary table touched_returns on commit drop as
select return_id from arriving_returns
union
select return_id from core.returns
where
    delivered_on in (
        select source_day from staging.batches
        where source_day between %(first_day)s and %(last_day)s
    )
union
select returns.return_id from core.returns as returns
inner join touched_orders on returns.order_id = touched_orders.order_id;

analyze touched_returns;

create temporary table delivered_returns on commit drop as
select
    delivered_on,
    return_id,
    named_user_id,
    order_id,
    product_id,
    return_reason,
    case when has_date then returned_on end as dated_on,
    amount
from core.returns
inner join touched_returns using (return_id)
where
    known_from = delivered_on -- the first cut of each delivery
    and delivered_on not in (
        select source_day from staging.batches
        where source_day between %(first_day)s and %(last_day)s
    )
union all
select
    delivered_on,
    return_id,
    named_user_id,
    order_id,
    product_id,
    return_reason,
    dated_on,
    amount
from arriving_returns;

delete from core.returns as returns
using touched_returns
where returns.return_id = touched_returns.return_id;

create temporary table return_owners on commit drop as
select
    order_id,
    user_id,
    known_from,
    known_to
from core.order_owners
-- an array is pushed into the view; a join would have the owners of every order computed first
where order_id = any(array(select delivered_returns.order_id from delivered_returns));

analyze delivered_returns;
analyze return_owners;

insert into core.returns (
    user_id,
    return_id,
    known_from,
    known_to,
    delivered_on,
    named_user_id,
    order_id,
    product_id,
    return_reason,
    returned_on,
    has_date,
    amount
)
with

deliveries as (
    select
        delivered_on,
        coalesce(
            lead(delivered_on) over (partition by return_id order by delivered_on), 'infinity'::date
        ) as replaced_on,
        min(delivered_on) over (partition by return_id) as first_told_on,
        return_id,
        named_user_id,
        order_id,
        product_id,
        return_reason,
        dated_on,
        amount
    from delivered_returns
)

select
    coalesce(nullif(owners.user_id, ''), deliveries.named_user_id, '') as user_id,
    deliveries.return_id,
    greatest(deliveries.delivered_on, owners.known_from) as known_from,
    least(deliveries.replaced_on, owners.known_to) as known_to,
    deliveries.delivered_on,
    deliveries.named_user_id,
    deliveries.order_id,
    deliveries.product_id,
    deliveries.return_reason,
    coalesce(deliveries.dated_on, deliveries.first_told_on) as returned_on,
    deliveries.dated_on is not null as has_date,
    deliveries.amount
from deliveries
left join return_owners as owners
    on
        deliveries.order_id = owners.order_id
        and deliveries.delivered_on < owners.known_to
        and deliveries.replaced_on > owners.known_from;
