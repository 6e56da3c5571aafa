WITH lines_grouped AS ( -- lines, one row per month
  SELECT CAST(date_trunc('month', "orders"."ordered_at") AS DATE) AS d0, SUM("lines"."quantity") AS a0
  FROM "main"."lines" AS "lines"
  LEFT JOIN "main"."orders" AS "orders" ON "lines"."order_id" = "orders"."order_id"
  WHERE "orders"."ordered_at" >= DATE '2024-01-01' AND "orders"."ordered_at" < DATE '2024-04-01'
  GROUP BY 1
),
times_asked AS ( -- stock: the first time at which something was counted
  SELECT CAST(date_trunc('month', "stock"."day") AS DATE) AS d0, MAX("stock"."day") AS at, MIN("stock"."day") AS first
  FROM "main"."stock" AS "stock"
  WHERE "stock"."day" >= DATE '2024-01-01' AND "stock"."day" < DATE '2024-04-01'
  GROUP BY 1
),
stock_snapshots AS ( -- stock, each with the time of the one beside it of the same item
  SELECT "stock"."on_hand" AS v0, "stock"."day" AS at, LEAD("stock"."day") OVER (PARTITION BY "stock"."product_id", "stock"."store_id" ORDER BY "stock"."day") AS next_at
  FROM "main"."stock" AS "stock"
  WHERE "stock"."day" < DATE '2024-04-01' AND "stock"."day" IS NOT NULL
),
stock_grouped AS ( -- stock as of each time asked for, one row per month
  SELECT t.d0, SUM(s.v0) AS a0
  FROM times_asked AS t
  JOIN stock_snapshots AS s ON s.at < t.first AND (s.next_at IS NULL OR s.next_at >= t.first)
  GROUP BY 1
),
groups AS ( -- sell-through of units, one row per month
  SELECT COALESCE(b0.d0, b1.d0) AS d0, (CAST(COALESCE(b0.a0, 0) AS DOUBLE) / NULLIF(b1.a0, 0)) AS m0
  FROM lines_grouped AS b0
  FULL OUTER JOIN stock_grouped AS b1 ON b0.d0 IS NOT DISTINCT FROM b1.d0
),
measured AS ( -- Sell-through, one row per month
  SELECT g.d0, g.m0 AS value0
  FROM groups AS g
)
SELECT d0 AS "Month", value0 AS "Sell-through"
  FROM measured
  ORDER BY d0 ASC NULLS LAST
