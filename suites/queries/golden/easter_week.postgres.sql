WITH visits_grouped AS ( -- visits, one row per everything
  SELECT SUM("visits"."spent") FILTER (WHERE "visits"."at" >= DATE '2024-03-25') AS a0, SUM("visits"."spent") FILTER (WHERE "visits"."at" < DATE '2023-04-11') AS a1
  FROM "main"."visits" AS "visits"
  WHERE "visits"."at" >= DATE '2023-04-03' AND "visits"."at" < DATE '2024-04-02' AND ("visits"."at" < DATE '2023-04-11' OR "visits"."at" >= DATE '2024-03-25')
),
groups AS ( -- spent, one row per everything
  SELECT b0.a0 AS m0, b0.a1 AS m1
  FROM visits_grouped AS b0
),
compared AS ( -- m: the period asked for, p: 2023-04-03 to 2023-04-10
  SELECT m0, m1 AS p0
  FROM groups
),
measured AS ( -- Spent, one row per everything
  SELECT g.m0 AS value0, g.p0 AS prior0
  FROM compared AS g
)
SELECT value0 AS "Spent", prior0 AS "Spent (2023-04-03 to 2023-04-10)"
  FROM measured
