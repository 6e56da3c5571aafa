WITH sales_grouped AS ( -- sales, one row per week
  SELECT (CAST("sales"."day" AS DATE) - (CAST(EXTRACT(ISODOW FROM "sales"."day") AS INTEGER) + 6) % 7) AS d0, SUM("sales"."amount") AS a0
  FROM "main"."sales" AS "sales"
  WHERE "sales"."day" >= DATE '2023-08-01' AND "sales"."day" < DATE '2023-09-15'
  GROUP BY 1
),
groups AS ( -- revenue_zero, one row per week
  SELECT b0.d0 AS d0, b0.a0 AS m0
  FROM sales_grouped AS b0
),
periods AS ( -- every period that the data has reached
  SELECT DISTINCT (CAST(day AS DATE) - (CAST(EXTRACT(ISODOW FROM day) AS INTEGER) + 6) % 7) AS period FROM (SELECT CAST(generate_series(CAST(CAST(DATE '2023-08-01' AS DATE) AS TIMESTAMP), CAST(CAST(DATE '2023-09-14' AS DATE) AS TIMESTAMP), INTERVAL '1 day') AS DATE) AS day) AS days
  UNION SELECT d0 FROM groups WHERE d0 IS NOT NULL
),
every_period AS ( -- a row for every period that the data has reached
  SELECT s.period AS d0, COALESCE(g.m0, 0) AS m0
  FROM periods AS s
  LEFT JOIN groups AS g ON g.d0 = s.period
),
filled AS ( -- with the groups that have no date
  SELECT d0, m0 FROM every_period
  UNION ALL SELECT d0, m0 FROM groups WHERE d0 IS NULL
),
measured AS ( -- Revenue, one row per week
  SELECT g.d0, g.m0 AS value0
  FROM filled AS g
)
SELECT d0 AS "Week", value0 AS "Revenue"
  FROM measured
  ORDER BY d0 ASC NULLS LAST
