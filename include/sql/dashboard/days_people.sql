-- dashboard days_people: the last 92 days one by one, by persona, age group and gender
-- grain    one row per on_day, persona, age_group and gender with a purchase or a return
-- reads    marts.customer_profile, marts.personas; of 92 days core.user_days
-- adds up  over everything but buyers over days; its sums are those of dashboard_cube_days, category '(all)'

with

people as (
    select
        personas.user_id,
        personas.persona,
        profiles.age_group,
        coalesce(profiles.gender, 'unknown') as gender
    from marts.personas as personas
    inner join marts.customer_profile as profiles
        on personas.as_of_date = profiles.as_of_date and personas.user_id = profiles.user_id
    where personas.as_of_date = %(as_of_date)s::date
),

activity as (
    select
        on_day,
        user_id,
        paid_orders,
        gross_revenue,
        returns_amount
    from core.user_days
    where
        on_day > %(as_of_date)s::date - 92
        and on_day <= %(as_of_date)s::date
        and known_from <= %(known_on)s::date
        and %(known_on)s::date < known_to
        and (paid_orders > 0 or returns > 0)
),

final as (
    select
        activity.on_day,
        coalesce(people.persona, '(not told)') as persona,
        coalesce(people.age_group, 'unknown') as age_group,
        coalesce(people.gender, 'unknown') as gender,
        count(*) filter (where activity.paid_orders > 0) as buyers,
        sum(activity.paid_orders) as paid_orders,
        sum(activity.gross_revenue) as gross_revenue,
        sum(activity.returns_amount) as returns_amount,
        sum(activity.gross_revenue) - sum(activity.returns_amount) as net_revenue
    from activity
    left join people using (user_id)
    group by
        activity.on_day,
        coalesce(people.persona, '(not told)'),
        coalesce(people.age_group, 'unknown'),
        coalesce(people.gender, 'unknown')
)

select * from final
order by on_day, persona, age_group, gender;
