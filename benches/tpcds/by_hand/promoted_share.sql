SELECT i_category, SUM(ss_ext_sales_price) FILTER (WHERE p_channel_email = 'Y' OR p_channel_event = 'Y')::DOUBLE / SUM(ss_ext_sales_price)
FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk JOIN item ON ss_item_sk = i_item_sk LEFT JOIN promotion ON ss_promo_sk = p_promo_sk
WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01'
GROUP BY i_category
