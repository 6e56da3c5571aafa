WITH orders_grouped AS ( -- orders, one row per days.label@ordered_on, days.label@shipped_on
  SELECT "days"."label" AS d0, "days_2"."label" AS d1, COUNT(*) AS a0
  FROM "main"."orders" AS "orders"
  LEFT JOIN "main"."days" AS "days" ON "orders"."ordered" = "days"."day"
  LEFT JOIN "main"."days" AS "days_2" ON "orders"."shipped" = "days_2"."day"
  WHERE "orders"."status" <> 'cancelled'
  GROUP BY 1, 2
),
groups AS ( -- orders, one row per days.label@ordered_on, days.label@shipped_on
  SELECT b0.d0 AS d0, b0.d1 AS d1, COALESCE(b0.a0, 0) AS m0
  FROM orders_grouped AS b0
),
measured AS ( -- Orders, one row per days.label@ordered_on, days.label@shipped_on
  SELECT g.d0, g.d1, g.m0 AS value0
  FROM groups AS g
)
SELECT d0 AS "Label", d1 AS "Label (shipped)", value0 AS "Orders"
  FROM measured
  ORDER BY d0 ASC NULLS LAST, d1 ASC NULLS LAST
