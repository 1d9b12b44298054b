-- staging.orders: which rows of a orders file cannot be used, and why
-- grain    one row per row of the file that cannot; the first reason found is the one kept
-- reads    staged (the file's typed rows, a partition of staging.orders to be)
-- leaves   rejected; a verdict is rule and reason, with a colon between
-- simple   with product_id and amount an order is its one line, and both must be there

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
            when btrim(user_id) = '' is not false then 'missing_user_id: user_id is empty'
            when order_date is null then 'missing_order_date: order_date is empty'
            when btrim(payment_status) = '' is not false then 'missing_payment_status: payment_status is empty'
            when char_length(order_id) > %(longest_key)s
                then 'impossible_order_id: order_id has over %(longest_key)s characters'
            when char_length(user_id) > %(longest_key)s
                then 'impossible_user_id: user_id has over %(longest_key)s characters'
            when char_length(product_id) > %(longest_key)s
                then 'impossible_product_id: product_id has over %(longest_key)s characters'
            when
                order_date < '1900-01-01'::timestamp at time zone %(time_zone)s
                or order_date >= (%(day)s::date + 1)::timestamp at time zone %(time_zone)s
                then format('impossible_order_date: order_date %%s is not between 1900 and the day of the file', order_date)
            when initcap(payment_status) <> all(%(payment_statuses)s::text[])
                then format(
                    'impossible_payment_status: payment_status %%s is none of %%s',
                    payment_status, array_to_string(%(payment_statuses)s::text[], ', ')
                )
            when %(is_simple_form)s and btrim(product_id) = '' is not false
                then 'missing_product_id: product_id is empty'
            when %(is_simple_form)s and amount is null then 'missing_amount: amount is empty'
            when %(is_simple_form)s and not (amount >= 0 and amount < 'infinity')
                then format('impossible_amount: amount %%s is negative or not a number', amount)
        end as verdict
    from %(staged)s
) as judged
where verdict is not null;
