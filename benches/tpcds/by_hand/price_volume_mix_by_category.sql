WITH items AS (
  SELECT i_category, ss_item_sk,
    COALESCE(SUM(ss_ext_sales_price) FILTER (WHERE d_date >= DATE '2001-01-01'), 0) AS v1, COALESCE(SUM(ss_ext_sales_price) FILTER (WHERE d_date < DATE '2001-01-01'), 0) AS v0,
    SUM(ss_quantity) FILTER (WHERE d_date >= DATE '2001-01-01') AS q1, SUM(ss_quantity) FILTER (WHERE d_date < DATE '2001-01-01') AS q0
  FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk JOIN item ON ss_item_sk = i_item_sk
  WHERE d_date >= DATE '2000-01-01' AND d_date < DATE '2002-01-01'
  GROUP BY 1, 2
), priced AS (
  SELECT *, CASE WHEN q1 <> 0 AND q0 <> 0 THEN CAST(v0::DOUBLE * q1 / q0 AS DECIMAL(38, 6)) END AS at_old FROM items
), sums AS (
  SELECT i_category, SUM(v1) AS v1, SUM(v0) AS v0, SUM(v1 - at_old) AS price, SUM(at_old) AS at_old, SUM(v0) FILTER (WHERE at_old IS NOT NULL) AS stayed,
    SUM(q1) FILTER (WHERE at_old IS NOT NULL) AS q1, SUM(q0) FILTER (WHERE at_old IS NOT NULL) AS q0,
    COALESCE(SUM(v1 - v0) FILTER (WHERE q0 IS NULL OR q0 = 0), 0) AS added, COALESCE(SUM(v1 - v0) FILTER (WHERE q0 <> 0 AND (q1 IS NULL OR q1 = 0)), 0) AS dropped
  FROM priced GROUP BY 1
)
SELECT i_category, v1, v0, v1 - v0, price, CAST(stayed::DOUBLE * q1 / q0 AS DECIMAL(38, 6)) - stayed, at_old - CAST(stayed::DOUBLE * q1 / q0 AS DECIMAL(38, 6)), added, dropped
FROM sums
ORDER BY i_category
