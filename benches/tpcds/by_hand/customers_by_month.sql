SELECT CAST(date_trunc('month', d_date) AS DATE), COUNT(DISTINCT ss_customer_sk)
FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk
WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01'
GROUP BY 1
ORDER BY 1
