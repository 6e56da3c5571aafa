WITH history AS (
  SELECT inv_warehouse_sk, inv_quantity_on_hand AS v, d_date AS seen, LEAD(d_date) OVER (PARTITION BY inv_warehouse_sk, inv_item_sk ORDER BY d_date) AS until
  FROM inventory JOIN date_dim ON inv_date_sk = d_date_sk WHERE d_date < DATE '2001-07-01'
), days AS (
  SELECT DISTINCT d_date AS day FROM inventory JOIN date_dim ON inv_date_sk = d_date_sk WHERE d_date >= DATE '2001-06-01' AND d_date < DATE '2001-07-01'
)
SELECT w_warehouse_name, SUM(v)::DOUBLE / (SELECT COUNT(*) FROM days)
FROM days JOIN history ON seen <= day AND (until IS NULL OR until > day) JOIN warehouse ON inv_warehouse_sk = w_warehouse_sk
GROUP BY w_warehouse_name
ORDER BY w_warehouse_name
