WITH held AS (
  SELECT DISTINCT ss_ticket_number AS ticket, i_category AS item FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk JOIN item ON ss_item_sk = i_item_sk
  WHERE d_date >= DATE '2001-12-01' AND d_date < DATE '2002-01-01' AND i_category IS NOT NULL
), counts AS (SELECT item, COUNT(*) AS n FROM held GROUP BY 1),
total AS (SELECT COUNT(DISTINCT ss_ticket_number) AS n FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk WHERE d_date >= DATE '2001-12-01' AND d_date < DATE '2002-01-01'),
pairs AS (SELECT a.item AS a, b.item AS b, COUNT(*) AS n FROM held a JOIN held b ON a.ticket = b.ticket AND a.item < b.item GROUP BY 1, 2)
SELECT a, b, pairs.n, pairs.n::DOUBLE / total.n, pairs.n::DOUBLE / ca.n, pairs.n::DOUBLE * total.n / (ca.n * cb.n::DOUBLE) AS lift
FROM pairs JOIN counts ca ON ca.item = a JOIN counts cb ON cb.item = b CROSS JOIN total
WHERE pairs.n >= 10
ORDER BY lift DESC
