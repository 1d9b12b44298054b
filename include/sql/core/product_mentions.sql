-- core.product_mentions: the products that facts of the days to be merged name
-- grain    one row per product and file
-- reads    mentioned (product_id, known_from: from the merge, same transaction)
-- rerun    what the days' file named before is taken back first

update core.product_mentions
set mentioned_on = mentioned_on - %(days_range)s::datemultirange
where %(is_again)s and file = %(file)s and mentioned_on && %(days_range)s::datemultirange;

merge into core.product_mentions as stored
using (
    select
        product_id,
        range_agg(daterange(known_from, known_from + 1)) as days
    from mentioned
    group by product_id
) as named
    on stored.product_id = named.product_id and stored.file = %(file)s
when matched
then update set mentioned_on = stored.mentioned_on + named.days
when not matched
then
    insert (product_id, file, mentioned_on)
    values (named.product_id, %(file)s, named.days);

delete from core.product_mentions
where %(is_again)s and isempty(mentioned_on);
