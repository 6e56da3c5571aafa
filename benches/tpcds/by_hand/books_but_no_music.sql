WITH bought AS (
  SELECT ss_customer_sk, BOOL_OR(i_category = 'Books') AS books, BOOL_OR(i_category = 'Music') AS music
  FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk JOIN item ON ss_item_sk = i_item_sk
  WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01' AND ss_customer_sk IS NOT NULL
  GROUP BY 1
)
SELECT COUNT(*) FROM bought WHERE books AND music IS NOT TRUE
