WITH months AS (
  SELECT CAST(date_trunc('month', d_date) AS DATE) AS month, SUM(ss_ext_sales_price) AS v
  FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk
  WHERE d_date >= DATE '2000-11-01' AND d_date < DATE '2002-01-01' GROUP BY 1
), moving AS (SELECT month, v, SUM(v) OVER (ORDER BY month ROWS 2 PRECEDING)::DOUBLE / 3 AS mean FROM months)
SELECT month, v, mean FROM moving
WHERE month >= DATE '2001-01-01'
ORDER BY month
