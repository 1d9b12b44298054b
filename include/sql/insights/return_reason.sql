-- insights/return_reason: why things come back, where a reason is told
-- grain    one row per reason
-- reads    marts.returns

select
    value,
    returns,
    returns_amount
from marts.returns
where as_of_date = %(as_of_date)s::date and dimension = 'reason' and value <> '(not told)'
order by returns desc, value asc
