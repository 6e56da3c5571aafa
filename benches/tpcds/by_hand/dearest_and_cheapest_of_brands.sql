SELECT i_brand, MAX(ss_sales_price), MIN(ss_sales_price), COUNT(DISTINCT ss_ticket_number)
FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk JOIN item ON ss_item_sk = i_item_sk
WHERE d_date >= DATE '2001-11-01' AND d_date < DATE '2001-12-01'
GROUP BY i_brand
ORDER BY i_brand
