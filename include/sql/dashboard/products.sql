-- dashboard products: the products that brought in most, or came back most
-- grain    one row per product among the 60 of most gross revenue or the 40 of most returns
-- reads    marts.product_performance

with

ranked as (
    select
        product_id,
        coalesce(name, product_id) as name,
        coalesce(category, '(not told)') as category,
        paid_orders,
        units,
        gross_revenue,
        returns_amount,
        net_revenue,
        returned_orders,
        recent_views,
        recent_viewers,
        recent_buyers,
        row_number() over (order by gross_revenue desc, product_id asc) as revenue_rank,
        row_number() over (order by returns_amount desc, product_id asc) as returns_rank
    from marts.product_performance
    where as_of_date = %(as_of_date)s::date
),

final as (
    select
        product_id,
        name,
        category,
        paid_orders,
        units,
        gross_revenue,
        returns_amount,
        net_revenue,
        returned_orders,
        recent_views,
        recent_viewers,
        recent_buyers
    from ranked
    where revenue_rank <= 60 or returns_rank <= 40
)

select * from final
order by gross_revenue desc, product_id asc;
