WITH product_tags_links AS ( -- each pair of a row of lines and its group once
  SELECT DISTINCT "product_tags"."product_id" AS k0, "product_tags"."tag" AS d0
  FROM "main"."product_tags" AS "product_tags"
),
lines_grouped AS ( -- lines, one row per product_tags.tag
  SELECT link.d0 AS d0, SUM("lines"."amount") AS a0
  FROM "main"."lines" AS "lines"
  LEFT JOIN "main"."orders" AS "orders" ON "lines"."order_id" = "orders"."id"
  LEFT JOIN "main"."products" AS "products" ON "lines"."product_id" = "products"."id"
  LEFT JOIN product_tags_links AS link ON "products"."id" = link.k0
  WHERE ("orders"."id" IS NULL OR "orders"."status" <> 'cancelled')
  GROUP BY 1
),
groups AS ( -- revenue, one row per product_tags.tag
  SELECT b0.d0 AS d0, b0.a0 AS m0
  FROM lines_grouped AS b0
),
measured AS ( -- Revenue, one row per product_tags.tag
  SELECT g.d0, g.m0 AS value0
  FROM groups AS g
)
SELECT d0 AS "Tag", value0 AS "Revenue"
  FROM measured
  ORDER BY d0 COLLATE "C" ASC NULLS LAST
