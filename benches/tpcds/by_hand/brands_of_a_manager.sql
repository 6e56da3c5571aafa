SELECT i_brand, SUM(ss_ext_sales_price) AS revenue
FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk JOIN item ON ss_item_sk = i_item_sk
WHERE d_date >= DATE '2001-11-01' AND d_date < DATE '2001-12-01' AND i_manager_id = 1
GROUP BY i_brand
ORDER BY revenue DESC, i_brand
