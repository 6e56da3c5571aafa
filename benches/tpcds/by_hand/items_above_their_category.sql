WITH items AS (
  SELECT i_category, i_item_id, SUM(ss_ext_sales_price) AS v FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk JOIN item ON ss_item_sk = i_item_sk WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01' GROUP BY 1, 2
), beside AS (SELECT *, AVG(v) OVER (PARTITION BY i_category) AS mean FROM items)
SELECT i_category, i_item_id, v FROM beside WHERE v > 2 * mean
