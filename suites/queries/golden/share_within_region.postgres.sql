WITH lines_grouped AS ( -- lines, one row per stores.region, products.category
  SELECT "stores"."region" AS d0, "products"."category" AS d1, SUM("lines"."amount") AS a0
  FROM "main"."lines" AS "lines"
  LEFT JOIN "main"."orders" AS "orders" ON "lines"."order_id" = "orders"."id"
  LEFT JOIN "main"."stores" AS "stores" ON "orders"."store_id" = "stores"."id"
  LEFT JOIN "main"."products" AS "products" ON "lines"."product_id" = "products"."id"
  WHERE ("orders"."id" IS NULL OR "orders"."status" <> 'cancelled')
  GROUP BY 1, 2
),
groups AS ( -- revenue, one row per stores.region, products.category
  SELECT b0.d0 AS d0, b0.d1 AS d1, b0.a0 AS m0
  FROM lines_grouped AS b0
),
measured AS ( -- Revenue, one row per stores.region, products.category
  SELECT g.d0, g.d1, g.m0 AS value0, CAST(g.m0 AS DOUBLE PRECISION) / NULLIF(SUM(g.m0) OVER (PARTITION BY g.d0), 0) AS share0
  FROM groups AS g
)
SELECT d0 AS "Region", d1 AS "Category", value0 AS "Revenue", share0 AS "Revenue share"
  FROM measured
  ORDER BY d0 COLLATE "C" ASC NULLS LAST, d1 COLLATE "C" ASC NULLS LAST
