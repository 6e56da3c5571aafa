WITH s AS (
  SELECT i_category, SUM(ss_ext_sales_price) AS v FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk JOIN item ON ss_item_sk = i_item_sk WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01' GROUP BY 1
), w AS (
  SELECT i_category, SUM(ws_ext_sales_price) AS v FROM web_sales JOIN date_dim ON ws_sold_date_sk = d_date_sk JOIN item ON ws_item_sk = i_item_sk WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01' GROUP BY 1
), c AS (
  SELECT i_category, SUM(cs_ext_sales_price) AS v FROM catalog_sales JOIN date_dim ON cs_sold_date_sk = d_date_sk JOIN item ON cs_item_sk = i_item_sk WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01' GROUP BY 1
)
SELECT COALESCE(s.i_category, w.i_category, c.i_category), s.v, w.v, c.v
FROM s FULL JOIN w ON s.i_category IS NOT DISTINCT FROM w.i_category
FULL JOIN c ON COALESCE(s.i_category, w.i_category) IS NOT DISTINCT FROM c.i_category
