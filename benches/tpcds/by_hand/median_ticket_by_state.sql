WITH tickets AS (
  SELECT s_state, ss_ticket_number, SUM(ss_ext_sales_price) AS v FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk LEFT JOIN store ON ss_store_sk = s_store_sk WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01' GROUP BY 1, 2
)
SELECT s_state, MEDIAN(v::DOUBLE) FROM tickets GROUP BY 1
ORDER BY 1
