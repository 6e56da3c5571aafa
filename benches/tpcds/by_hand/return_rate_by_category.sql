WITH sold AS (
  SELECT i_category, SUM(ss_ext_sales_price) AS sold FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk JOIN item ON ss_item_sk = i_item_sk WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01' GROUP BY 1
), returned AS (
  SELECT i_category, SUM(sr_return_amt) AS returned
  FROM store_returns JOIN date_dim ON sr_returned_date_sk = d_date_sk JOIN item ON sr_item_sk = i_item_sk
  WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01' GROUP BY 1
)
SELECT COALESCE(sold.i_category, returned.i_category), returned::DOUBLE / sold
FROM sold FULL JOIN returned ON sold.i_category IS NOT DISTINCT FROM returned.i_category
