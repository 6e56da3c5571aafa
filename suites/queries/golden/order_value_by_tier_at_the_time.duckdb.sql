WITH orders_grouped AS ( -- orders, one row per tiers.tier
  SELECT "tiers"."tier" AS d0, SUM("orders"."total") AS a0
  FROM "main"."orders" AS "orders"
  LEFT JOIN "main"."tiers" AS "tiers" ON "orders"."customer_id" = "tiers"."customer_id" AND "orders"."ordered" >= "tiers"."from_day" AND ("tiers"."to_day" IS NULL OR "orders"."ordered" < "tiers"."to_day")
  WHERE "orders"."status" <> 'cancelled'
  GROUP BY 1
),
groups AS ( -- order_value, one row per tiers.tier
  SELECT b0.d0 AS d0, b0.a0 AS m0
  FROM orders_grouped AS b0
),
measured AS ( -- Value, one row per tiers.tier
  SELECT g.d0, g.m0 AS value0
  FROM groups AS g
)
SELECT d0 AS "Tier", value0 AS "Value"
  FROM measured
  ORDER BY d0 ASC NULLS LAST
