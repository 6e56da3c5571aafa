WITH visits_grouped AS ( -- visits, one row per weekday
  SELECT dayname("visits"."at") AS d0, SUM("visits"."spent") AS a0, COUNT(*) AS a1
  FROM "main"."visits" AS "visits"
  WHERE ((hour("visits"."at") IN (8, 9)) IS NOT TRUE)
  GROUP BY 1
),
groups AS ( -- spent, visits, one row per weekday
  SELECT b0.d0 AS d0, b0.a0 AS m0, COALESCE(b0.a1, 0) AS m1
  FROM visits_grouped AS b0
),
measured AS ( -- Spent, Visits, one row per weekday
  SELECT g.d0, g.m0 AS value0, g.m1 AS value1
  FROM groups AS g
)
SELECT d0 AS "Weekday", value0 AS "Spent", value1 AS "Visits"
  FROM measured
  ORDER BY CASE d0 WHEN 'Sunday' THEN 1 WHEN 'Monday' THEN 2 WHEN 'Tuesday' THEN 3 WHEN 'Wednesday' THEN 4 WHEN 'Thursday' THEN 5 WHEN 'Friday' THEN 6 WHEN 'Saturday' THEN 7 END ASC NULLS LAST
