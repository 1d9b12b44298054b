-- fail: A scored buyer has one of the named segments, an unscored one says that the data do not suffice.
-- grain    one row per finding, named by key

select user_id as key
from marts.rfm
where
    as_of_date = %(as_of_date)s::date
    and case
        when r_score is null or f_score is null or m_score is null then segment <> 'insufficient data'
        else segment not in (select named.segment from marts.rfm_segments as named)
    end
