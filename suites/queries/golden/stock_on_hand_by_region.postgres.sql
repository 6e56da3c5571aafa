WITH last_stock AS ( -- stock: when each item was last counted
  SELECT "stock"."item_id" AS i0, "stock"."store_id" AS i1, MAX("stock"."day") AS at
  FROM "main"."stock" AS "stock"
  GROUP BY 1, 2
),
stock_grouped AS ( -- stock as it was last counted, one row per stores.region
  SELECT "stores"."region" AS d0, SUM("stock"."on_hand") AS a0
  FROM "main"."stock" AS "stock"
  LEFT JOIN "main"."stores" AS "stores" ON "stock"."store_id" = "stores"."id"
  JOIN last_stock AS last ON "stock"."day" = last.at AND COALESCE("stock"."item_id", 0) = COALESCE(last.i0, 0) AND ("stock"."item_id" IS NULL) = (last.i0 IS NULL) AND COALESCE("stock"."store_id", 0) = COALESCE(last.i1, 0) AND ("stock"."store_id" IS NULL) = (last.i1 IS NULL)
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
  ORDER BY d0 COLLATE "C" ASC NULLS LAST
