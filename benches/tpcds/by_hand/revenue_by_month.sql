SELECT CAST(date_trunc('month', d_date) AS DATE), SUM(ss_ext_sales_price)
FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk
WHERE d_date >= DATE '2000-01-01' AND d_date < DATE '2002-01-01'
GROUP BY 1
ORDER BY 1
