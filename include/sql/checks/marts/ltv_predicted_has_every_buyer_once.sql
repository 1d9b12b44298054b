-- fail: Every buyer, and nobody else, has one row in ltv_predicted, with the revenue that ltv has.
-- grain    one row per finding, named by key

select coalesce(buyers.user_id, foretold.user_id) as key
from (
    select
        user_id,
        gross_revenue
    from marts.ltv
    where as_of_date = %(as_of_date)s::date and paid_orders > 0
) as buyers
full outer join (
    select
        user_id,
        gross_revenue
    from marts.ltv_predicted
    where as_of_date = %(as_of_date)s::date
) as foretold
    on buyers.user_id = foretold.user_id
where
    buyers.user_id is null
    or foretold.user_id is null
    or buyers.gross_revenue <> foretold.gross_revenue
