WITH months AS (
  SELECT CAST(date_trunc('month', d_date) AS DATE) AS month, SUM(ss_ext_sales_price) AS now
  FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk
  WHERE d_date >= DATE '2000-12-01' AND d_date < DATE '2002-01-01'
  GROUP BY 1
), both_months AS (SELECT month, now, LAG(now) OVER (ORDER BY month) AS before FROM months)
SELECT month, now, before, now - before FROM both_months
WHERE month >= DATE '2001-01-01'
ORDER BY month
