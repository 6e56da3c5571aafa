SELECT t_hour, COUNT(DISTINCT ss_ticket_number)
FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk LEFT JOIN time_dim ON ss_sold_time_sk = t_time_sk
WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01'
GROUP BY t_hour
ORDER BY t_hour
