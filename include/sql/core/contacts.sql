-- moves: of marketing touches
-- grain    one row per user, shop day and source day
-- reads    events: a partition of core.contacts, or twins (both with known_on)
-- sign     1 for touches that are told, -1 for those taken back

insert into moves (on_day, user_id, known_on, contacts)
select
    (sent_at at time zone %(time_zone)s)::date as on_day,
    user_id,
    known_on,
    %(sign)s * count(*) as contacts
from %(events)s
group by (sent_at at time zone %(time_zone)s)::date, user_id, known_on;
