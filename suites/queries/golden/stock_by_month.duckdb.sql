WITH times_asked AS ( -- stock: the last time at which something was counted
  SELECT CAST(date_trunc('month', "stock"."day") AS DATE) AS d0, MAX("stock"."day") AS at
  FROM "main"."stock" AS "stock"
  GROUP BY 1
),
stock_snapshots AS ( -- stock, each with the time of the one beside it of the same item
  SELECT "stock"."on_hand" AS v0, "stock"."day" AS at, LEAD("stock"."day") OVER (PARTITION BY "stock"."product_id", "stock"."store_id" ORDER BY "stock"."day") AS next_at
  FROM "main"."stock" AS "stock"
  WHERE "stock"."day" IS NOT NULL
),
stock_grouped AS ( -- stock as of each time asked for, one row per month
  SELECT t.d0, SUM(s.v0) AS a0
  FROM times_asked AS t
  JOIN stock_snapshots AS s ON s.at <= t.at AND (s.next_at IS NULL OR s.next_at > t.at)
  GROUP BY 1
),
groups AS ( -- stock, one row per month
  SELECT b0.d0 AS d0, b0.a0 AS m0
  FROM stock_grouped AS b0
),
measured AS ( -- Stock, one row per month
  SELECT g.d0, g.m0 AS value0
  FROM groups AS g
)
SELECT d0 AS "Month", value0 AS "Stock"
  FROM measured
  ORDER BY d0 ASC NULLS LAST
