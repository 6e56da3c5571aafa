WITH by_year AS (
  SELECT i_category, SUM(ss_ext_sales_price) FILTER (WHERE d_date >= DATE '2001-01-01') AS now, SUM(ss_ext_sales_price) FILTER (WHERE d_date < DATE '2001-01-01') AS before
  FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk JOIN item ON ss_item_sk = i_item_sk
  WHERE d_date >= DATE '2000-01-01' AND d_date < DATE '2002-01-01'
  GROUP BY i_category
)
SELECT i_category, now, before, (now - before)::DOUBLE / before FROM by_year
ORDER BY i_category
