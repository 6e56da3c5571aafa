WITH nrf_weeks AS ( -- calendar nrf: each day, its week, and the day that says to which year the week belongs
  SELECT day, week, (week + CAST(3 AS INTEGER)) AS anchor
  FROM (SELECT day, (CAST(day AS DATE) - CAST((isodow(day) + 0) % 7 AS INTEGER)) AS week FROM (SELECT CAST(unnest(generate_series(CAST(DATE '2024-02-04' AS DATE), CAST(DATE '2025-02-01' AS DATE), INTERVAL 1 DAY)) AS DATE) AS day) AS every_day) AS weeks
),
nrf_years AS ( -- calendar nrf: weeks before the week in its year, and the week in which the next year starts
  SELECT day, week, (date_diff('day', CAST(nominal AS DATE), CAST(anchor AS DATE))) // 7 AS weeks_before, (CAST((CAST(nominal + INTERVAL 12 MONTH AS DATE) + CAST(3 AS INTEGER)) AS DATE) - CAST((isodow((CAST(nominal + INTERVAL 12 MONTH AS DATE) + CAST(3 AS INTEGER))) + 0) % 7 AS INTEGER)) AS next_year
  FROM (SELECT *, CAST(CAST(date_trunc('year', CAST(CAST(anchor AS DATE) - INTERVAL 1 MONTH AS DATE)) AS DATE) + INTERVAL 1 MONTH AS DATE) AS nominal FROM nrf_weeks) AS nominal_years
),
nrf_quarters AS ( -- calendar nrf: quarters before the week in its year, and weeks before its month in the quarter
  SELECT *, CASE WHEN weeks_before - 13 * quarters >= 9 THEN 9 WHEN weeks_before - 13 * quarters >= 4 THEN 4 ELSE 0 END AS month_week
  FROM (SELECT *, (week + CAST(-7 * weeks_before AS INTEGER)) AS year, CASE WHEN weeks_before >= 39 THEN 3 ELSE (weeks_before) // 13 END AS quarters FROM nrf_years) AS years
),
nrf_days AS ( -- calendar nrf, one row per day with the first days of its periods and the next
  SELECT day, week, (year + CAST(7 * (13 * quarters + month_week) AS INTEGER)) AS month, (year + CAST(7 * 13 * quarters AS INTEGER)) AS quarter, year,
    (week + CAST(7 AS INTEGER)) AS next_week,
    CASE WHEN quarters = 3 AND month_week = 9 THEN next_year ELSE (year + CAST(7 * (13 * quarters + CASE month_week WHEN 0 THEN 4 WHEN 4 THEN 9 ELSE 13 END) AS INTEGER)) END AS next_month,
    CASE WHEN quarters = 3 THEN next_year ELSE (year + CAST(7 * 13 * (quarters + 1) AS INTEGER)) END AS next_quarter, next_year,
    weeks_before + 1 AS week_number,
    3 * quarters + CASE month_week WHEN 0 THEN 1 WHEN 4 THEN 2 ELSE 3 END AS month_number,
    quarters + 1 AS quarter_number
  FROM nrf_quarters
),
sales_grouped AS ( -- sales, one row per month
  SELECT calendar.month AS d0, SUM("sales"."amount") AS a0
  FROM "main"."sales" AS "sales"
  LEFT JOIN nrf_days AS calendar ON CAST("sales"."day" AS DATE) = calendar.day
  WHERE "sales"."day" >= DATE '2024-02-04' AND "sales"."day" < DATE '2025-02-02'
  GROUP BY 1
),
groups AS ( -- revenue, one row per month
  SELECT b0.d0 AS d0, b0.a0 AS m0
  FROM sales_grouped AS b0
),
sales_grouped_2 AS ( -- sales, one row per month
  SELECT calendar.month AS d0, SUM("sales"."amount") AS a0
  FROM "main"."sales" AS "sales"
  LEFT JOIN nrf_days AS calendar ON CAST((CAST("sales"."day" AS DATE) + CAST(364 AS INTEGER)) AS DATE) = calendar.day
  WHERE "sales"."day" >= DATE '2023-02-05' AND "sales"."day" < DATE '2024-02-04'
  GROUP BY 1
),
groups_before AS ( -- revenue, one row per month
  SELECT b0.d0 AS d0, b0.a0 AS m0
  FROM sales_grouped_2 AS b0
),
met AS ( -- what meets a period that the data has reached
  SELECT *
  FROM groups_before
  WHERE d0 <= (SELECT MAX(d0) FROM groups)
),
compared AS ( -- m: the period asked for, p: a year earlier
  SELECT COALESCE(c.d0, p.d0) AS d0, c.m0 AS m0, p.m0 AS p0
  FROM groups AS c
  FULL OUTER JOIN met AS p ON c.d0 IS NOT DISTINCT FROM p.d0
),
measured AS ( -- Revenue, one row per month
  SELECT g.d0, g.m0 AS value0, g.p0 AS prior0
  FROM compared AS g
)
SELECT d0 AS "Month", value0 AS "Revenue", prior0 AS "Revenue (a year earlier)"
  FROM measured
  ORDER BY d0 ASC NULLS LAST
