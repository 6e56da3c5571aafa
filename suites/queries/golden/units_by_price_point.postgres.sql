WITH lines_grouped AS ( -- lines, one row per band Price
  SELECT ("products"."price" - ("products"."price" % 5 + 5) % 5) AS d0, SUM("lines"."quantity") AS a0
  FROM "main"."lines" AS "lines"
  LEFT JOIN "main"."products" AS "products" ON "lines"."product_id" = "products"."product_id"
  GROUP BY 1
),
groups AS ( -- units, one row per band Price
  SELECT b0.d0 AS d0, b0.a0 AS m0
  FROM lines_grouped AS b0
),
measured AS ( -- Units, one row per band Price
  SELECT g.d0, g.m0 AS value0
  FROM groups AS g
)
SELECT d0 AS "Price", value0 AS "Units"
  FROM measured
  ORDER BY d0 ASC NULLS LAST
