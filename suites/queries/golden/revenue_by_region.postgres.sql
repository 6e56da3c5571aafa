WITH lines_grouped AS ( -- lines, one row per stores.region
  SELECT "stores"."region" AS d0, SUM("lines"."amount") AS a0
  FROM "main"."lines" AS "lines"
  LEFT JOIN "main"."orders" AS "orders" ON "lines"."order_id" = "orders"."id"
  LEFT JOIN "main"."stores" AS "stores" ON "orders"."store_id" = "stores"."id"
  WHERE ("orders"."id" IS NULL OR "orders"."status" <> 'cancelled') AND "orders"."ordered" >= DATE '2024-01-01' AND "orders"."ordered" < DATE '2025-01-01'
  GROUP BY 1
),
groups AS ( -- revenue, one row per stores.region
  SELECT b0.d0 AS d0, b0.a0 AS m0
  FROM lines_grouped AS b0
),
measured AS ( -- Revenue, one row per stores.region
  SELECT g.d0, g.m0 AS value0
  FROM groups AS g
)
SELECT d0 AS "Region", value0 AS "Revenue"
  FROM measured
  ORDER BY d0 COLLATE "C" ASC NULLS LAST
