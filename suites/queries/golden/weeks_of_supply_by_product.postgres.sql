WITH last_stock AS ( -- stock: when each item was last counted
  SELECT "stock"."product_id" AS i0, "stock"."store_id" AS i1, MAX("stock"."day") AS at
  FROM "main"."stock" AS "stock"
  WHERE "stock"."day" < DATE '2024-04-01'
  GROUP BY 1, 2
),
stock_grouped AS ( -- stock as it was last counted, one row per products.product
  SELECT "products"."product" AS d0, SUM("stock"."on_hand") AS a0
  FROM "main"."stock" AS "stock"
  LEFT JOIN "main"."products" AS "products" ON "stock"."product_id" = "products"."product_id"
  JOIN last_stock AS last ON "stock"."day" = last.at AND COALESCE("stock"."product_id", 0) = COALESCE(last.i0, 0) AND ("stock"."product_id" IS NULL) = (last.i0 IS NULL) AND COALESCE("stock"."store_id", 0) = COALESCE(last.i1, 0) AND ("stock"."store_id" IS NULL) = (last.i1 IS NULL)
  GROUP BY 1
),
lines_grouped AS ( -- lines, one row per products.product
  SELECT "products"."product" AS d0, SUM("lines"."quantity") AS a0
  FROM "main"."lines" AS "lines"
  LEFT JOIN "main"."orders" AS "orders" ON "lines"."order_id" = "orders"."order_id"
  LEFT JOIN "main"."products" AS "products" ON "lines"."product_id" = "products"."product_id"
  WHERE "orders"."ordered_at" >= DATE '2024-02-11' AND "orders"."ordered_at" < DATE '2024-03-10'
  GROUP BY 1
),
groups AS ( -- weeks of supply of stock, one row per products.product
  SELECT COALESCE(b0.d0, b1.d0) AS d0, (CAST(b0.a0 AS DOUBLE PRECISION) / NULLIF((CAST(b1.a0 AS DOUBLE PRECISION) / NULLIF(4, 0)), 0)) AS m0
  FROM stock_grouped AS b0
  FULL OUTER JOIN lines_grouped AS b1 ON COALESCE(b0.d0, '') = COALESCE(b1.d0, '') AND (b0.d0 IS NULL) = (b1.d0 IS NULL)
),
measured AS ( -- Cover, one row per products.product
  SELECT g.d0, g.m0 AS value0
  FROM groups AS g
)
SELECT d0 AS "Product", value0 AS "Cover"
  FROM measured
  ORDER BY d0 COLLATE "C" ASC NULLS LAST
