WITH last AS (
  SELECT inv_warehouse_sk, inv_item_sk, arg_max(inv_quantity_on_hand, d_date) AS v, MAX(d_date) AS at
  FROM (SELECT inv_warehouse_sk, inv_item_sk, d_date, struct_pack(q := inv_quantity_on_hand) AS inv_quantity_on_hand FROM inventory JOIN date_dim ON inv_date_sk = d_date_sk WHERE d_date < DATE '2001-07-01')
  GROUP BY 1, 2
)
SELECT w_warehouse_name, SUM(v.q) FROM last JOIN warehouse ON inv_warehouse_sk = w_warehouse_sk
GROUP BY w_warehouse_name
ORDER BY w_warehouse_name
