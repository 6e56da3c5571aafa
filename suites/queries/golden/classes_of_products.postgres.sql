WITH lines_grouped AS ( -- lines, one row per products.product_id
  SELECT "products"."product_id" AS d0, SUM("lines"."amount") AS a0
  FROM "main"."lines" AS "lines"
  LEFT JOIN "main"."products" AS "products" ON "lines"."product_id" = "products"."product_id"
  GROUP BY 1
),
groups AS ( -- revenue, one row per products.product_id
  SELECT b0.d0 AS d0, b0.a0 AS m0
  FROM lines_grouped AS b0
),
measured AS ( -- x, one row per products.product_id
  SELECT g.d0, g.m0 AS value0
  FROM groups AS g
),
numbers_of AS ( -- the number of each entity
  SELECT "Product id" AS entity, "x" AS value FROM (
  SELECT d0 AS "Product id", value0 AS "x"
  FROM measured
  ) AS numbered
),
before_each AS ( -- the sum of what is larger
  SELECT entity, SUM(value) OVER (ORDER BY value DESC RANGE UNBOUNDED PRECEDING) - SUM(value) OVER (PARTITION BY value) AS larger, SUM(value) OVER () AS whole
  FROM numbers_of
  WHERE entity IS NOT NULL AND value IS NOT NULL
),
classes AS ( -- the class of each entity
  SELECT entity, CASE WHEN whole > 0 AND larger < 0.8 * whole THEN 'A' WHEN whole > 0 AND larger < 0.95 * whole THEN 'B' WHEN whole > 0 THEN 'C' END AS band
  FROM before_each
),
lines_grouped_2 AS ( -- lines, one row per band Class
  SELECT banded.band AS d0, SUM("lines"."amount") AS a0
  FROM "main"."lines" AS "lines"
  LEFT JOIN "main"."products" AS "products" ON "lines"."product_id" = "products"."product_id"
  LEFT JOIN classes AS banded ON "products"."product_id" = banded.entity
  GROUP BY 1
),
groups_2 AS ( -- revenue, one row per band Class
  SELECT b0.d0 AS d0, b0.a0 AS m0
  FROM lines_grouped_2 AS b0
),
measured_2 AS ( -- Revenue, one row per band Class
  SELECT g.d0, g.m0 AS value0
  FROM groups_2 AS g
)
SELECT d0 AS "Class", value0 AS "Revenue"
  FROM measured_2
  ORDER BY CASE d0 WHEN 'A' THEN 1 WHEN 'B' THEN 2 WHEN 'C' THEN 3 END ASC NULLS LAST
