-- staging.returns: which rows of a returns file cannot be used, and why
-- grain    one row per row of the file that cannot; the first reason found is the one kept
-- reads    staged (the file's typed rows, a partition of staging.returns to be)
-- leaves   rejected; a verdict is rule and reason, with a colon between

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
            when order_id is null and user_id is null
                then 'missing_user_id: order_id and user_id are empty: nobody can say whose return it is'
            when order_id is null and amount is null
                then 'missing_amount: order_id and amount are empty: nobody can say what the return is worth'
            when char_length(order_id) > %(longest_key)s
                then 'impossible_order_id: order_id has over %(longest_key)s characters'
            when char_length(product_id) > %(longest_key)s
                then 'impossible_product_id: product_id has over %(longest_key)s characters'
            when char_length(user_id) > %(longest_key)s
                then 'impossible_user_id: user_id has over %(longest_key)s characters'
            when not (amount >= 0 and amount < 'infinity')
                then format('impossible_amount: amount %%s is negative or not a number', amount)
            when
                returned_at < '1900-01-01'::timestamp at time zone %(time_zone)s
                or returned_at >= (%(day)s::date + 1)::timestamp at time zone %(time_zone)s
                then format('impossible_returned_at: returned_at %%s is not between 1900 and the day of the file', returned_at)
        end as verdict
    from %(staged)s
) as judged
where verdict is not null;
