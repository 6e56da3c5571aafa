SELECT FLOOR(i_current_price / 10) * 10, SUM(ss_quantity)
FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk JOIN item ON ss_item_sk = i_item_sk
WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01'
GROUP BY 1
ORDER BY 1
