-- fail: A probability is from 0 to 1, a band from 1 to 10, and who is likelier is in no lower band.
-- grain    one row per finding, named by key: the user, or the band

with

scored as (
    select
        user_id,
        probability,
        band
    from marts.purchase_intent
    where as_of_date = %(as_of_date)s::date
),

-- bands do not overlap: the lowest of one is above the highest of the one below it
edges as (
    select
        band,
        min(probability) as lowest,
        lag(max(probability)) over (order by band) as highest_below
    from scored
    group by band
)

select user_id as key
from scored
where not (probability between 0 and 1 and band between 1 and 10)
union all
select 'band ' || band as key
from edges
where lowest <= highest_below
