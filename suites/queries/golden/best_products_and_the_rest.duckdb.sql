WITH lines_grouped AS ( -- lines, one row per products.product
  SELECT "products"."product" AS d0, SUM("lines"."amount") AS a0
  FROM "main"."lines" AS "lines"
  LEFT JOIN "main"."orders" AS "orders" ON "lines"."order_id" = "orders"."id"
  LEFT JOIN "main"."products" AS "products" ON "lines"."product_id" = "products"."id"
  WHERE ("orders"."id" IS NULL OR "orders"."status" <> 'cancelled')
  GROUP BY 1
),
groups AS ( -- revenue, one row per products.product
  SELECT b0.d0 AS d0, b0.a0 AS m0, b0.a0 AS l0
  FROM lines_grouped AS b0
),
measured AS ( -- Revenue, one row per products.product
  SELECT g.d0, g.m0 AS value0, g.l0
  FROM groups AS g
),
ranked AS ( -- place by value0
  SELECT *, CASE WHEN value0 IS NOT NULL AND d0 IS NOT NULL THEN RANK() OVER (PARTITION BY value0 IS NOT NULL AND d0 IS NOT NULL ORDER BY value0 DESC) END AS place
  FROM measured
),
placed AS ( -- the places asked for
  SELECT *
  FROM ranked
  WHERE place <= 2
),
rest_sums AS ( -- sums over what is not kept
  SELECT SUM(l0) AS l0, COUNT(*) AS n
  FROM ranked
  WHERE ((place <= 2) IS NOT TRUE)
),
rest AS ( -- “Other”, computed anew from the sums
  SELECT CAST('Other' AS VARCHAR) AS d0, l0 AS m0
  FROM rest_sums
  WHERE n > 0
),
measured_2 AS ( -- Revenue, one row per products.product
  SELECT g.d0, g.m0 AS value0
  FROM rest AS g
),
with_rest AS ( -- the places asked for, and the rest
  SELECT d0, value0, 0 AS rest FROM placed
  UNION ALL SELECT d0, value0, 1 AS rest FROM measured_2
)
SELECT d0 AS "Product", value0 AS "Revenue"
  FROM with_rest
  ORDER BY rest, value0 DESC NULLS LAST, d0 ASC NULLS LAST
