WITH orders_grouped AS ( -- orders, one row per stores.region
  SELECT "stores"."region" AS d0, SUM("orders"."total") AS a0
  FROM "main"."orders" AS "orders"
  LEFT JOIN "main"."stores" AS "stores" ON "orders"."store_id" = "stores"."id"
  WHERE "orders"."status" <> 'cancelled'
  GROUP BY 1
),
lines_grouped AS ( -- lines, one row per stores.region
  SELECT "stores"."region" AS d0, SUM("lines"."amount") AS a0
  FROM "main"."lines" AS "lines"
  LEFT JOIN "main"."orders" AS "orders" ON "lines"."order_id" = "orders"."id"
  LEFT JOIN "main"."stores" AS "stores" ON "orders"."store_id" = "stores"."id"
  WHERE ("orders"."id" IS NULL OR "orders"."status" <> 'cancelled')
  GROUP BY 1
),
shipments_grouped AS ( -- shipments, one row per stores.region
  SELECT "stores"."region" AS d0, SUM("shipments"."cost") AS a0
  FROM "main"."shipments" AS "shipments"
  LEFT JOIN "main"."orders" AS "orders" ON "shipments"."order_id" = "orders"."id"
  LEFT JOIN "main"."stores" AS "stores" ON "orders"."store_id" = "stores"."id"
  WHERE ("orders"."id" IS NULL OR "orders"."status" <> 'cancelled')
  GROUP BY 1
),
groups AS ( -- order_value, revenue, cost_share, one row per stores.region
  SELECT COALESCE(b0.d0, b1.d0, b2.d0) AS d0, b0.a0 AS m0, b1.a0 AS m1, (CAST(b2.a0 AS DOUBLE PRECISION) / NULLIF(b1.a0, 0)) AS m2
  FROM orders_grouped AS b0
  FULL OUTER JOIN lines_grouped AS b1 ON COALESCE(b0.d0, '') = COALESCE(b1.d0, '') AND (b0.d0 IS NULL) = (b1.d0 IS NULL)
  FULL OUTER JOIN shipments_grouped AS b2 ON COALESCE(COALESCE(b0.d0, b1.d0), '') = COALESCE(b2.d0, '') AND (COALESCE(b0.d0, b1.d0) IS NULL) = (b2.d0 IS NULL)
),
measured AS ( -- Value, Revenue, Cost share, one row per stores.region
  SELECT g.d0, g.m0 AS value0, g.m1 AS value1, g.m2 AS value2
  FROM groups AS g
)
SELECT d0 AS "Region", value0 AS "Value", value1 AS "Revenue", value2 AS "Cost share"
  FROM measured
  ORDER BY d0 COLLATE "C" ASC NULLS LAST
