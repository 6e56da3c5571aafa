WITH members AS ( -- values of the sub-query
  SELECT DISTINCT member FROM (
  SELECT "Customer" FROM (
  SELECT DISTINCT "orders"."customer_id" AS "Customer"
  FROM "main"."orders" AS "orders"
  WHERE "orders"."status" <> 'cancelled' AND "orders"."customer_id" IS NOT NULL AND ("orders"."id" IN (
    SELECT "lines"."order_id"
  FROM "main"."lines" AS "lines"
  LEFT JOIN "main"."orders" AS "orders" ON "lines"."order_id" = "orders"."id"
  LEFT JOIN "main"."products" AS "products" ON "lines"."product_id" = "products"."id"
  WHERE ("orders"."id" IS NULL OR "orders"."status" <> 'cancelled') AND "products"."product" = 'Tea'
  ))
  ) AS whole
  ) AS found(member)
)
SELECT "customers"."name" AS "Name", "customers"."country" AS "Country"
  FROM "main"."customers" AS "customers"
  WHERE "customers"."id" IN (SELECT member FROM members WHERE member IS NOT NULL)
  ORDER BY "customers"."name" COLLATE "C" ASC NULLS LAST, 1 ASC NULLS LAST, 2 ASC NULLS LAST
  LIMIT 100
