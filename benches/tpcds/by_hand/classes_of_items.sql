WITH items AS (
  SELECT ss_item_sk, SUM(ss_ext_sales_price) AS v FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01' GROUP BY 1
), placed AS (
  SELECT v, SUM(v) OVER (ORDER BY v DESC) - v AS larger, SUM(v) OVER () AS whole, COUNT(*) OVER (PARTITION BY v) AS same FROM items WHERE v IS NOT NULL
)
SELECT CASE WHEN larger - v * (same - 1) < 0.8 * whole THEN 'A' WHEN larger - v * (same - 1) < 0.95 * whole THEN 'B' ELSE 'C' END AS class, SUM(v), COUNT(*)
FROM placed GROUP BY 1
ORDER BY 1
