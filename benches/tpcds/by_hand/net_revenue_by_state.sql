WITH sold AS (
  SELECT s_state, SUM(ss_ext_sales_price) AS v FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk LEFT JOIN store ON ss_store_sk = s_store_sk WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01' GROUP BY 1
), returned AS (
  SELECT s_state, SUM(sr_return_amt) AS v FROM store_returns JOIN date_dim ON sr_returned_date_sk = d_date_sk LEFT JOIN store ON sr_store_sk = s_store_sk WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01' GROUP BY 1
)
SELECT COALESCE(sold.s_state, returned.s_state), COALESCE(sold.v, 0) - COALESCE(returned.v, 0)
FROM sold FULL JOIN returned ON sold.s_state IS NOT DISTINCT FROM returned.s_state
