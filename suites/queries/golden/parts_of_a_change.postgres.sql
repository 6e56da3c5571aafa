WITH sales_grouped AS ( -- sales, one row per stores.store
  SELECT "stores"."store" AS d0, SUM("sales"."amount") FILTER (WHERE "sales"."day" >= DATE '2024-01-01') AS a0, SUM("sales"."amount") FILTER (WHERE "sales"."day" < DATE '2023-04-01') AS a1
  FROM "main"."sales" AS "sales"
  LEFT JOIN "main"."stores" AS "stores" ON "sales"."store_id" = "stores"."store_id"
  WHERE "sales"."day" >= DATE '2023-01-01' AND "sales"."day" < DATE '2024-04-01' AND ("sales"."day" < DATE '2023-04-01' OR "sales"."day" >= DATE '2024-01-01')
  GROUP BY 1
),
groups AS ( -- sales, one row per stores.store
  SELECT b0.d0 AS d0, b0.a0 AS m0, b0.a1 AS m1
  FROM sales_grouped AS b0
),
compared AS ( -- m: the period asked for, p: Q1 2023
  SELECT d0, m0, m1 AS p0
  FROM groups
),
measured AS ( -- Sales, one row per stores.store
  SELECT g.d0, g.m0 AS value0, COALESCE(g.m0, 0) - g.p0 AS delta0, CAST((COALESCE(g.m0, 0) - COALESCE(g.p0, 0)) AS DOUBLE PRECISION) / NULLIF(SUM(g.p0) OVER (), 0) AS contribution0, CAST((COALESCE(g.m0, 0) - COALESCE(g.p0, 0)) AS DOUBLE PRECISION) / NULLIF(SUM((COALESCE(g.m0, 0) - COALESCE(g.p0, 0))) OVER (), 0) AS of_change0
  FROM compared AS g
)
SELECT d0 AS "Store", value0 AS "Sales", delta0 AS "Sales change", contribution0 AS "Sales contribution", of_change0 AS "Sales share of change"
  FROM measured
  ORDER BY d0 COLLATE "C" ASC NULLS LAST
