SELECT s_store_name, SUM(ss_ext_sales_price)::DOUBLE / COUNT(DISTINCT ss_ticket_number)
FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk LEFT JOIN store ON ss_store_sk = s_store_sk
WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01'
GROUP BY s_store_name
ORDER BY s_store_name
