SELECT i_item_id, AVG(ss_quantity), AVG(ss_list_price), AVG(ss_coupon_amt), AVG(ss_sales_price)
FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk JOIN item ON ss_item_sk = i_item_sk JOIN customer_demographics ON ss_cdemo_sk = cd_demo_sk
WHERE d_date >= DATE '2001-01-01' AND d_date < DATE '2002-01-01' AND cd_gender = 'M' AND cd_marital_status = 'S' AND cd_education_status = 'College'
GROUP BY i_item_id
ORDER BY i_item_id
