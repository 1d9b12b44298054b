-- Who bought after a cut-off; a fragment, put in parentheses
-- grain    one row per user with a paid order on the horizon_days days after cut_off, the cut-off not counted; who has none
--          has no row
-- reads    core.orders_as_of, up to the horizon's last day and as known on known_on
-- counts   a refunded order was paid for (docs/decisions/0003-paid-refunded-returned.md)

select
    user_id,
    true as bought
from core.orders_as_of(%(cut_off)s::date + %(horizon_days)s::integer, %(known_on)s::date)
where is_paid and ordered_on > %(cut_off)s::date
group by user_id
