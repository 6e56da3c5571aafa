WITH sales_rows AS ( -- rows of sales with their bucket
  SELECT CAST(date_trunc('month', CAST("sales"."day" AS TIMESTAMP)) AS DATE) AS d0, CAST("sales"."day" AS DATE) AS day, "sales"."customer" AS v0
  FROM "main"."sales" AS "sales"
  WHERE "sales"."day" >= DATE '2024-01-01' AND "sales"."day" < DATE '2024-06-01'
),
reaching AS ( -- buckets with the days that they reach
  SELECT DISTINCT g.d0, CAST(g.d0 + INTERVAL '1 month' AS DATE) AS next_day, CAST(date_trunc('year', CAST(g.d0 AS TIMESTAMP)) AS DATE) AS first_day
  FROM sales_rows AS g
  WHERE g.d0 >= DATE '2024-01-01'
),
sales_reached AS ( -- sales, counted anew for each month
  SELECT b.d0 AS d0, CASE WHEN b.d0 IS NOT NULL THEN COUNT(DISTINCT v.v0) END AS a0
  FROM reaching AS b
  LEFT JOIN sales_rows AS v ON v.day < b.next_day AND v.day >= b.first_day
  GROUP BY 1
),
groups AS ( -- customers_ytd, one row per month
  SELECT b0.d0 AS d0, b0.a0 AS m0
  FROM sales_reached AS b0
),
measured AS ( -- Customers, one row per month
  SELECT g.d0, g.m0 AS value0
  FROM groups AS g
)
SELECT d0 AS "Month", value0 AS "Customers"
  FROM measured
  ORDER BY d0 ASC NULLS LAST
