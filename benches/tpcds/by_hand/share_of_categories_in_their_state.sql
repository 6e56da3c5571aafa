SELECT s_state, i_category, SUM(ss_ext_sales_price) AS revenue, SUM(ss_ext_sales_price)::DOUBLE / SUM(SUM(ss_ext_sales_price)) OVER (PARTITION BY s_state)
FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk JOIN item ON ss_item_sk = i_item_sk LEFT JOIN store ON ss_store_sk = s_store_sk
WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01'
GROUP BY s_state, i_category
ORDER BY s_state, i_category
