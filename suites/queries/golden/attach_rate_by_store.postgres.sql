WITH members AS ( -- values of the sub-query
  SELECT DISTINCT member FROM (
  SELECT "Order id" FROM (
  SELECT "orders"."order_id" AS "Order id"
  FROM "main"."lines" AS "lines"
  LEFT JOIN "main"."orders" AS "orders" ON "lines"."order_id" = "orders"."order_id"
  LEFT JOIN "main"."products" AS "products" ON "lines"."product_id" = "products"."product_id"
  WHERE "products"."product" = 'Cake'
  ) AS whole
  ) AS found(member)
),
lines_grouped AS ( -- lines, one row per stores.store
  SELECT "stores"."store" AS d0, COUNT(DISTINCT "orders"."order_id") FILTER (WHERE "orders"."order_id" IN (SELECT member FROM members WHERE member IS NOT NULL)) AS a0, COUNT(DISTINCT "orders"."order_id") AS a1
  FROM "main"."lines" AS "lines"
  LEFT JOIN "main"."orders" AS "orders" ON "lines"."order_id" = "orders"."order_id"
  LEFT JOIN "main"."stores" AS "stores" ON "orders"."store_id" = "stores"."store_id"
  LEFT JOIN "main"."products" AS "products" ON "lines"."product_id" = "products"."product_id"
  WHERE "products"."product" = 'Tea'
  GROUP BY 1
),
groups AS ( -- cake_with_tea, one row per stores.store
  SELECT b0.d0 AS d0, (CAST(COALESCE(b0.a0, 0) AS DOUBLE PRECISION) / NULLIF(COALESCE(b0.a1, 0), 0)) AS m0
  FROM lines_grouped AS b0
),
measured AS ( -- Cake with tea, one row per stores.store
  SELECT g.d0, g.m0 AS value0
  FROM groups AS g
)
SELECT d0 AS "Store", value0 AS "Cake with tea"
  FROM measured
  ORDER BY d0 COLLATE "C" ASC NULLS LAST
