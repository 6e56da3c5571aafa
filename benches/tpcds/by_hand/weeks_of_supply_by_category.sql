WITH last AS (
  SELECT inv_item_sk, inv_warehouse_sk, arg_max(struct_pack(q := inv_quantity_on_hand), d_date).q AS v
  FROM inventory JOIN date_dim ON inv_date_sk = d_date_sk WHERE d_date < DATE '2001-07-01' GROUP BY 1, 2
), stock AS (
  SELECT i_category, SUM(v) AS v FROM last JOIN item ON inv_item_sk = i_item_sk GROUP BY 1
), sold AS (
  SELECT i_category, SUM(ss_quantity) AS v FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk JOIN item ON ss_item_sk = i_item_sk WHERE d_date >= DATE '2001-05-06' AND d_date < DATE '2001-07-01' GROUP BY 1
)
SELECT COALESCE(stock.i_category, sold.i_category), stock.v / (sold.v / 8.0)
FROM stock FULL JOIN sold ON stock.i_category IS NOT DISTINCT FROM sold.i_category
