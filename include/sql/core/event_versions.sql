-- core.<events>: when the next day told the same event
-- grain    one row per event and source day
-- reads    twins
-- names    table and key (columns) stand for those of the event table

update core.%(table)s as stored
set known_to = chain.known_to
from (
    select
        %(key)s,
        known_from,
        coalesce(lead(known_from) over (partition by %(key)s order by known_from), 'infinity'::date) as known_to
    from core.%(table)s
    inner join twins using (%(key)s)
    where known_from = any(%(days)s)
) as chain
where
    (%(stored_key)s, stored.known_from) = (%(chain_key)s, chain.known_from)
    and stored.known_from = any(%(days)s)
    and stored.known_to <> chain.known_to;
