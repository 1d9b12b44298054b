-- marts.persona_sides: on which side of each threshold a customer was on the eve of a calendar month
-- grain    one row per cut_month and user known on the last day before the month; none where no rule has a threshold
-- reads    marts.persona_quantiles of the month; the profile of every customer as of, and as known on, that last day
-- rerun    replaces the month; every day of a month, also a restated one, asks for the same rows
-- frozen   made once for a month, and again when its select or a file of that eve has changed (ops.frozen_marts)

with

cuts as (
    select %(persona_eve_cuts)s
    from marts.persona_quantiles
    where cut_month = %(eve)s::date + 1
),

profiles as (
    select * from %(profile_of_eve)s
),

final as (
    select
        %(eve)s::date + 1 as cut_month,
        profiles.user_id,
        array[%(persona_sides)s] as sides
    from profiles
    cross join cuts
)

select * from final;
