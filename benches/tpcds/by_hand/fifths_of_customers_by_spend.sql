WITH spend AS (
  SELECT ss_customer_sk, SUM(ss_ext_sales_price) AS v FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01' GROUP BY 1
), fifths AS (
  SELECT v, 1 + FLOOR(5.0 * (RANK() OVER (ORDER BY v) - 1) / COUNT(*) OVER ()) AS fifth FROM spend WHERE ss_customer_sk IS NOT NULL AND v IS NOT NULL
)
SELECT fifth, COUNT(*), SUM(v) FROM fifths GROUP BY 1
UNION ALL SELECT NULL, COUNT(ss_customer_sk), SUM(v) FROM spend WHERE ss_customer_sk IS NULL OR v IS NULL
