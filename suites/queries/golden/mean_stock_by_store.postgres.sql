WITH times_asked AS ( -- stock: every time at which something was counted
  SELECT DISTINCT "stock"."day" AS at
  FROM "main"."stock" AS "stock"
  WHERE "stock"."day" >= DATE '2024-02-01' AND "stock"."day" < DATE '2024-03-01' AND "stock"."day" IS NOT NULL
),
stock_snapshots AS ( -- stock, each with the time of the one beside it of the same item
  SELECT "stores"."store" AS d0, "stock"."on_hand" AS v0, "stock"."day" AS at, LEAD("stock"."day") OVER (PARTITION BY "stock"."product_id", "stock"."store_id" ORDER BY "stock"."day") AS next_at
  FROM "main"."stock" AS "stock"
  LEFT JOIN "main"."stores" AS "stores" ON "stock"."store_id" = "stores"."store_id"
  WHERE "stock"."day" < DATE '2024-03-01' AND "stock"."day" IS NOT NULL
),
stock_grouped AS ( -- stock as of each time asked for, one row per stores.store and time
  SELECT s.d0, t.at, SUM(s.v0) AS a0
  FROM times_asked AS t
  JOIN stock_snapshots AS s ON s.at <= t.at AND (s.next_at IS NULL OR s.next_at > t.at)
  GROUP BY 1, 2
),
times_counted AS ( -- how many times there are
  SELECT COUNT(*) AS n
  FROM times_asked
),
stock_over_time AS ( -- one row per stores.store
  SELECT g.d0, CAST(SUM(g.a0) AS DOUBLE PRECISION) / NULLIF(MAX(n.n), 0) AS a0
  FROM stock_grouped AS g
  CROSS JOIN times_counted AS n
  GROUP BY 1
),
groups AS ( -- stock_mean, one row per stores.store
  SELECT b0.d0 AS d0, b0.a0 AS m0
  FROM stock_over_time AS b0
),
measured AS ( -- Stock, one row per stores.store
  SELECT g.d0, g.m0 AS value0
  FROM groups AS g
)
SELECT d0 AS "Store", value0 AS "Stock"
  FROM measured
  ORDER BY d0 COLLATE "C" ASC NULLS LAST
