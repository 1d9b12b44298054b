-- fail: A scored buyer has a named segment, an unscored one says that the data do not suffice.
-- grain    one row per finding, named by key

select user_id as key
from marts.rfm
where
    as_of_date = %(as_of_date)s::date
    and (segment = 'insufficient data') <> (r_score is null or f_score is null or m_score is null)
