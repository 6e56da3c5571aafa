WITH lines_grouped AS ( -- lines, one row per products.product
  SELECT "products"."product" AS d0, SUM("lines"."quantity") AS a0
  FROM "main"."lines" AS "lines"
  LEFT JOIN "main"."products" AS "products" ON "lines"."product_id" = "products"."product_id"
  LEFT JOIN "main"."orders" AS "orders" ON "lines"."order_id" = "orders"."order_id"
  WHERE "orders"."ordered_at" >= DATE '2024-02-11' AND "orders"."ordered_at" < DATE '2024-03-10'
  GROUP BY 1
),
stock_snapshots AS ( -- stock, each with the time of the one beside it of the same item
  SELECT "products"."product" AS d0, "stock"."on_hand" AS v0, "stock"."day" AS at, LEAD("stock"."day") OVER (PARTITION BY "stock"."product_id", "stock"."store_id" ORDER BY "stock"."day") AS next_at
  FROM "main"."stock" AS "stock"
  LEFT JOIN "main"."products" AS "products" ON "stock"."product_id" = "products"."product_id"
  WHERE "stock"."day" < DATE '2024-04-01' AND "stock"."day" IS NOT NULL
),
stock_grouped AS ( -- stock as of each time asked for, one row per products.product
  SELECT s.d0, SUM(s.v0) AS a0
  FROM stock_snapshots AS s
  WHERE s.next_at IS NULL
  GROUP BY 1
),
groups AS ( -- weeks of supply of stock, one row per products.product
  SELECT COALESCE(b0.d0, b1.d0) AS d0, (CAST(b1.a0 AS DOUBLE PRECISION) / NULLIF((CAST(b0.a0 AS DOUBLE PRECISION) / NULLIF(4, 0)), 0)) AS m0
  FROM lines_grouped AS b0
  FULL OUTER JOIN stock_grouped AS b1 ON COALESCE(b0.d0, '') = COALESCE(b1.d0, '') AND (b0.d0 IS NULL) = (b1.d0 IS NULL)
),
measured AS ( -- Cover, one row per products.product
  SELECT g.d0, g.m0 AS value0
  FROM groups AS g
)
SELECT d0 AS "Product", value0 AS "Cover"
  FROM measured
  ORDER BY d0 COLLATE "C" ASC NULLS LAST
