WITH stock_snapshots AS ( -- stock, each with the time of the one beside it of the same item
  SELECT "stores"."region" AS d0, "stock"."on_hand" AS v0, "stock"."day" AS at, LEAD("stock"."day") OVER (PARTITION BY "stock"."item_id", "stock"."store_id" ORDER BY "stock"."day") AS next_at
  FROM "main"."stock" AS "stock"
  LEFT JOIN "main"."stores" AS "stores" ON "stock"."store_id" = "stores"."id"
  WHERE "stock"."day" IS NOT NULL
),
stock_grouped AS ( -- stock as of each time asked for, one row per stores.region
  SELECT s.d0, SUM(s.v0) AS a0
  FROM stock_snapshots AS s
  WHERE s.next_at IS NULL
  GROUP BY 1
),
groups AS ( -- on_hand, one row per stores.region
  SELECT b0.d0 AS d0, b0.a0 AS m0
  FROM stock_grouped AS b0
),
measured AS ( -- On hand, one row per stores.region
  SELECT g.d0, g.m0 AS value0
  FROM groups AS g
)
SELECT d0 AS "Region", value0 AS "On hand"
  FROM measured
  ORDER BY d0 ASC NULLS LAST
