-- core.return_products: what was known of a return, product by product, over which days
-- grain    one row per return, product it is of and stretch of days over which nothing about it or its order changed
-- reads    core.return_facts, core.order_products; touched_returns (from the merge, same transaction)
-- rerun    lays the touched returns anew

delete from core.return_products as products
using touched_returns
where
    products.order_id = touched_returns.order_id
    and products.return_id = touched_returns.return_id;

insert into core.return_products (
    user_id,
    order_id,
    return_id,
    product_id,
    known_from,
    known_to,
    return_reason,
    returned_on,
    is_on_paid_order,
    amount
)
with

returned as (
    select facts.*
    from core.return_facts as facts
    inner join touched_returns using (order_id, return_id)
),

-- a return that names no product is of all its order's, by what they cost; cents are given out so that they add up: the
-- products so far, in the order of product_id, have the cents of what is theirs together, and with the last one all
running as (
    select
        returned.*,
        products.product_id as bought_product_id,
        case
            when sum(products.amount) over so_far < sum(products.amount) over whole
                then round(returned.amount * (sum(products.amount) over so_far / sum(products.amount) over whole), 2)
            else returned.amount
        end as upto
    from returned
    left join core.order_products as products
        on
            returned.order_id = products.order_id
            and returned.known_from >= products.known_from
            and returned.known_from < products.known_to
            and returned.product_id is null
            and products.amount > 0
    window
        whole as (partition by returned.order_id, returned.return_id, returned.known_from),
        so_far as (
            partition by returned.order_id, returned.return_id, returned.known_from order by products.product_id
        )
)

select
    user_id,
    order_id,
    return_id,
    coalesce(product_id, bought_product_id, '(not told)') as product_id,
    known_from,
    known_to,
    coalesce(return_reason, '') as return_reason,
    returned_on,
    is_on_paid_order,
    trim_scale(
        upto - coalesce(lag(upto) over (partition by order_id, return_id, known_from order by bought_product_id), 0)
    ) as amount
from running;
