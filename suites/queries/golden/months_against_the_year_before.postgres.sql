WITH lines_grouped AS ( -- lines, one row per month
  SELECT CAST(date_trunc('month', CAST("orders"."ordered" AS TIMESTAMP)) AS DATE) AS d0, SUM("lines"."amount") AS a0
  FROM "main"."lines" AS "lines"
  LEFT JOIN "main"."orders" AS "orders" ON "lines"."order_id" = "orders"."id"
  WHERE ("orders"."id" IS NULL OR "orders"."status" <> 'cancelled') AND "orders"."ordered" >= DATE '2023-01-01' AND "orders"."ordered" < DATE '2025-01-01'
  GROUP BY 1
),
series AS ( -- revenue, one row per month
  SELECT b0.d0 AS d0, b0.a0 AS m0
  FROM lines_grouped AS b0
),
groups AS ( -- the periods asked for
  SELECT *
  FROM series
  WHERE d0 >= DATE '2024-01-01' AND d0 < DATE '2025-01-01'
),
groups_before AS ( -- a year earlier, at the periods that they meet
  SELECT CAST(d0 + INTERVAL '12 month' AS DATE) AS d0, m0
  FROM series
  WHERE d0 >= DATE '2023-01-01' AND d0 < DATE '2024-01-01'
),
met AS ( -- what meets a period that the data has reached
  SELECT *
  FROM groups_before
  WHERE d0 <= (SELECT MAX(d0) FROM groups)
),
compared AS ( -- m: the period asked for, p: a year earlier
  SELECT COALESCE(c.d0, p.d0) AS d0, c.m0 AS m0, p.m0 AS p0
  FROM groups AS c
  FULL OUTER JOIN met AS p ON COALESCE(c.d0, DATE '0001-01-01') = COALESCE(p.d0, DATE '0001-01-01') AND (c.d0 IS NULL) = (p.d0 IS NULL)
),
measured AS ( -- Revenue, one row per month
  SELECT g.d0, g.m0 AS value0, g.p0 AS prior0, COALESCE(g.m0, 0) - g.p0 AS delta0
  FROM compared AS g
)
SELECT d0 AS "Month", value0 AS "Revenue", prior0 AS "Revenue (a year earlier)", delta0 AS "Revenue change"
  FROM measured
  ORDER BY d0 ASC NULLS LAST
