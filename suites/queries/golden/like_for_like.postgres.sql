WITH sales_grouped AS ( -- sales, one row per everything
  SELECT SUM("sales"."amount") FILTER (WHERE "sales"."day" >= DATE '2024-01-01') AS a0, SUM("sales"."amount") FILTER (WHERE "sales"."day" < DATE '2023-04-01') AS a1
  FROM "main"."sales" AS "sales"
  LEFT JOIN "main"."stores" AS "stores" ON "sales"."store_id" = "stores"."store_id"
  WHERE "sales"."day" >= DATE '2023-01-01' AND "sales"."day" < DATE '2024-04-01' AND ("sales"."day" < DATE '2023-04-01' OR "sales"."day" >= DATE '2024-01-01') AND ("stores"."opened" <= DATE '2022-01-01' AND ("stores"."closed" IS NULL OR "stores"."closed" >= DATE '2024-04-01') AND ("stores"."moved" IS NULL OR "stores"."moved" <= DATE '2022-01-01' OR "stores"."moved" >= DATE '2024-04-01') AND (("stores"."online" = TRUE) IS NOT TRUE))
),
groups AS ( -- sales, one row per everything
  SELECT b0.a0 AS m0, b0.a1 AS m1
  FROM sales_grouped AS b0
),
compared AS ( -- m: the period asked for, p: Q1 2023
  SELECT m0, m1 AS p0
  FROM groups
),
measured AS ( -- Sales, one row per everything
  SELECT g.m0 AS value0, g.p0 AS prior0, CAST(COALESCE(g.m0, 0) - g.p0 AS DOUBLE PRECISION) / NULLIF(g.p0, 0) AS pct0
  FROM compared AS g
)
SELECT value0 AS "Sales", prior0 AS "Sales (Q1 2023)", pct0 AS "Sales change %"
  FROM measured
