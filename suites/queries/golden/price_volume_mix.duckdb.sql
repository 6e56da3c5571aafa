WITH lines_grouped AS ( -- lines, one row per products.category, products.product_id
  SELECT "products"."category" AS d0, "products"."product_id" AS d1, SUM("lines"."amount") FILTER (WHERE "orders"."ordered_at" >= DATE '2024-02-01') AS a0, SUM("lines"."quantity") FILTER (WHERE "orders"."ordered_at" >= DATE '2024-02-01') AS a1, SUM("lines"."amount") FILTER (WHERE "orders"."ordered_at" < DATE '2023-03-01') AS a2, SUM("lines"."quantity") FILTER (WHERE "orders"."ordered_at" < DATE '2023-03-01') AS a3
  FROM "main"."lines" AS "lines"
  LEFT JOIN "main"."orders" AS "orders" ON "lines"."order_id" = "orders"."order_id"
  LEFT JOIN "main"."products" AS "products" ON "lines"."product_id" = "products"."product_id"
  WHERE "orders"."ordered_at" >= DATE '2023-02-01' AND "orders"."ordered_at" < DATE '2024-03-01' AND ("orders"."ordered_at" < DATE '2023-03-01' OR "orders"."ordered_at" >= DATE '2024-02-01')
  GROUP BY 1, 2
),
groups AS ( -- revenue, units, one row per products.category, products.product_id
  SELECT b0.d0 AS d0, b0.d1 AS d1, b0.a0 AS m0, b0.a1 AS m1, b0.a2 AS m2, b0.a3 AS m3
  FROM lines_grouped AS b0
),
compared AS ( -- m: the period asked for, p: February 2023
  SELECT d0, d1, m0, m2 AS p0, m1, m3 AS p1
  FROM groups
),
items AS ( -- each item in both periods, and what it is worth now at its old price
  SELECT g.d0, CAST(COALESCE(g.m0, 0) AS DECIMAL(38, 6)) AS v1, CAST(COALESCE(g.p0, 0) AS DECIMAL(38, 6)) AS v0, g.m1 AS q1, g.p1 AS q0, CASE WHEN g.m1 <> 0 AND g.p1 <> 0 THEN CAST(CAST(CAST(COALESCE(g.p0, 0) AS DOUBLE) * g.m1 AS DOUBLE) / NULLIF(g.p1, 0) AS DECIMAL(38, 6)) END AS at_old
  FROM compared AS g
),
effects AS ( -- what prices did, and what is left to take apart
  SELECT d0, COALESCE(SUM(v1), 0) AS v1, COALESCE(SUM(v0), 0) AS v0, COALESCE(SUM(CASE WHEN at_old IS NOT NULL THEN v1 - at_old END), 0) AS price, COALESCE(SUM(CASE WHEN at_old IS NOT NULL THEN at_old END), 0) AS at_old, COALESCE(SUM(CASE WHEN at_old IS NOT NULL THEN v0 END), 0) AS stayed, COALESCE(SUM(CASE WHEN at_old IS NOT NULL THEN q1 END), 0) AS q1, COALESCE(SUM(CASE WHEN at_old IS NOT NULL THEN q0 END), 0) AS q0, COALESCE(SUM(CASE WHEN q0 IS NULL OR q0 = 0 THEN v1 - v0 END), 0) AS added, COALESCE(SUM(CASE WHEN q0 <> 0 AND (q1 IS NULL OR q1 = 0) THEN v1 - v0 END), 0) AS dropped
  FROM items
  GROUP BY 1
),
bridged AS ( -- volume at the old mean price; mix is what is left
  SELECT d0, v1, v0, price, COALESCE(CAST(CAST(CAST(stayed AS DOUBLE) * q1 AS DOUBLE) / NULLIF(q0, 0) AS DECIMAL(38, 6)), stayed) - stayed AS volume, at_old - stayed AS moved, added, dropped
  FROM effects
)
SELECT d0 AS "Category", v1 AS "Revenue", v0 AS "Revenue (February 2023)", v1 - v0 AS "Revenue change", price AS "Price", volume AS "Volume", moved - volume AS "Mix", added AS "New", dropped AS "Dropped"
  FROM bridged
  ORDER BY d0 ASC NULLS LAST
