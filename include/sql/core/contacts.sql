-- core.contacts: marketing touches
-- grain    one row per touch and delivery
-- reads    staging.contacts, for the days in staging.batches from first_day to last_day
-- rerun    replaces what these days delivered and closes the versions of the keys they touched

create temporary table touched_contacts on commit drop as
select
    user_id,
    sent_at,
    campaign,
    channel
from core.contacts
where
    known_from in (
        select source_day from staging.batches
        where source_day between %(first_day)s and %(last_day)s
    )
union
select
    user_id,
    sent_at,
    coalesce(campaign, '') as campaign,
    coalesce(channel, '') as channel
from staging.contacts
where source_day between %(first_day)s and %(last_day)s;

analyze touched_contacts;

delete from core.contacts
where known_from in (
    select source_day from staging.batches
    where source_day between %(first_day)s and %(last_day)s
);

insert into core.contacts (
    user_id,
    sent_at,
    campaign,
    channel,
    known_from,
    known_to,
    sent_on
)
select
    user_id,
    sent_at,
    coalesce(campaign, '') as campaign,
    coalesce(channel, '') as channel,
    source_day as known_from,
    'infinity'::date as known_to,
    (sent_at at time zone %(time_zone)s)::date as sent_on
from staging.contacts
where source_day between %(first_day)s and %(last_day)s;

update core.contacts as versions
set known_to = chain.known_to
from (
    select
        user_id,
        sent_at,
        campaign,
        channel,
        known_from,
        coalesce(
            lead(known_from) over (partition by user_id, sent_at, campaign, channel order by known_from), 'infinity'::date
        ) as known_to
    from core.contacts
    inner join touched_contacts using (user_id, sent_at, campaign, channel)
) as chain
where
    versions.user_id = chain.user_id
    and versions.sent_at = chain.sent_at
    and versions.campaign = chain.campaign
    and versions.channel = chain.channel
    and versions.known_from = chain.known_from
    and versions.known_to <> chain.known_to;
