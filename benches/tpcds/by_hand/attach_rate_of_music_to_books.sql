WITH music AS (
  SELECT DISTINCT ss_ticket_number FROM store_sales JOIN item ON ss_item_sk = i_item_sk WHERE i_category = 'Music'
)
SELECT s_state, COUNT(DISTINCT ss_ticket_number) FILTER (WHERE ss_ticket_number IN (FROM music))::DOUBLE / COUNT(DISTINCT ss_ticket_number)
FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk JOIN item ON ss_item_sk = i_item_sk LEFT JOIN store ON ss_store_sk = s_store_sk
WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01' AND i_category = 'Books'
GROUP BY s_state
