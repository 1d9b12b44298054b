-- staging.order_items: which rows of a order_items file cannot be used, and why
-- grain    one row per row of the file that cannot; the first reason found is the one kept
-- reads    staged (the file's typed rows, a partition of staging.order_items to be)
-- leaves   rejected; a verdict is rule and reason, with a colon between
-- surprise where the lines name the customer, a line without one belongs to nobody

create temporary table rejected on commit drop as
select
    row_no,
    row_id,
    verdict
from (
    select
        row_no,
        ctid as row_id,
        case
            when btrim(order_id) = '' is not false then 'missing_order_id: order_id is empty'
            when line_no is null then 'missing_line_no: line_no is empty'
            when btrim(product_id) = '' is not false then 'missing_product_id: product_id is empty'
            when quantity is null then 'missing_quantity: quantity is empty'
            when unit_price is null then 'missing_unit_price: unit_price is empty'
            when char_length(order_id) > %(longest_key)s
                then 'impossible_order_id: order_id has over %(longest_key)s characters'
            when char_length(product_id) > %(longest_key)s
                then 'impossible_product_id: product_id has over %(longest_key)s characters'
            when 'user_id' = any(%(header)s) and user_id is null then 'missing_user_id: user_id is empty'
            when char_length(user_id) > %(longest_key)s
                then 'impossible_user_id: user_id has over %(longest_key)s characters'
            when %(zero_price)s = 'quarantine' and unit_price = 0
                then 'missing_unit_price: unit_price is 0: this shop has no free items, so nobody recorded the price'
            when not (unit_price >= 0 and unit_price < 'infinity')
                then format('impossible_unit_price: unit_price %%s is negative or not a number', unit_price)
            when not (quantity > 0 and quantity < 'infinity')
                then format('impossible_quantity: quantity %%s is not above 0', quantity)
        end as verdict
    from %(staged)s
) as judged
where verdict is not null;
