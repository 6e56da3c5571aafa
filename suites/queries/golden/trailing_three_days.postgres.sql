WITH visits_grouped AS ( -- visits, one row per day
  SELECT CAST("visits"."at" AS DATE) AS d0, SUM("visits"."spent") AS a0
  FROM "main"."visits" AS "visits"
  WHERE "visits"."at" >= DATE '2024-06-29' AND "visits"."at" < DATE '2024-07-10'
  GROUP BY 1
),
groups AS ( -- spent, one row per day
  SELECT b0.d0 AS d0, b0.a0 AS m0
  FROM visits_grouped AS b0
),
beginning AS ( -- first visits.at of visits
  SELECT MIN(CAST("visits"."at" AS DATE)) AS day
  FROM "main"."visits" AS "visits"
  WHERE CAST("visits"."at" AS DATE) IS NOT NULL
),
measured AS ( -- Spent, one row per day
  SELECT g.d0, g.m0 AS value0, CASE WHEN (CAST(g.d0 AS DATE) - CAST(DATE '1970-01-01' AS DATE)) - 2 >= (SELECT (CAST(CAST(day AS DATE) AS DATE) - CAST(DATE '1970-01-01' AS DATE)) FROM beginning) THEN CAST(SUM(g.m0) OVER (ORDER BY (CAST(g.d0 AS DATE) - CAST(DATE '1970-01-01' AS DATE)) RANGE BETWEEN 2 PRECEDING AND CURRENT ROW) AS DOUBLE PRECISION) / 3 END AS rolling0
  FROM groups AS g
),
in_range AS ( -- without the buckets that only feed the window
  SELECT *
  FROM measured
  WHERE d0 >= DATE '2024-07-01'
)
SELECT d0 AS "Day", value0 AS "Spent", rolling0 AS "Spent (3-period average)"
  FROM in_range
  ORDER BY d0 ASC NULLS LAST
