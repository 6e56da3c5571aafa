WITH lines_grouped AS ( -- lines, one row per products.category
  SELECT "products"."category" AS d0, SUM("lines"."amount") AS a0
  FROM (
  SELECT "lines".*
  FROM "main"."lines" AS "lines"
  LEFT JOIN "main"."orders" AS "orders" ON "lines"."order_id" = "orders"."id"
  LEFT JOIN "main"."stores" AS "stores" ON "orders"."store_id" = "stores"."id"
  WHERE "stores"."region" = 'North'
  ) AS "lines"
  LEFT JOIN (
  SELECT "orders".*
  FROM "main"."orders" AS "orders"
  LEFT JOIN "main"."stores" AS "stores" ON "orders"."store_id" = "stores"."id"
  WHERE "stores"."region" = 'North'
  ) AS "orders" ON "lines"."order_id" = "orders"."id"
  LEFT JOIN "main"."products" AS "products" ON "lines"."product_id" = "products"."id"
  WHERE ("orders"."id" IS NULL OR "orders"."status" <> 'cancelled')
  GROUP BY 1
),
groups AS ( -- revenue, one row per products.category
  SELECT b0.d0 AS d0, b0.a0 AS m0
  FROM lines_grouped AS b0
),
measured AS ( -- Revenue, one row per products.category
  SELECT g.d0, g.m0 AS value0
  FROM groups AS g
)
SELECT d0 AS "Category", value0 AS "Revenue"
  FROM measured
  ORDER BY d0 ASC NULLS LAST
