WITH lines_grouped AS ( -- lines, one row per customers.customer_id
  SELECT "customers"."customer_id" AS d0, SUM("lines"."amount") AS a0
  FROM "main"."lines" AS "lines"
  LEFT JOIN "main"."orders" AS "orders" ON "lines"."order_id" = "orders"."order_id"
  LEFT JOIN "main"."customers" AS "customers" ON "orders"."customer_id" = "customers"."customer_id"
  GROUP BY 1
),
groups AS ( -- revenue, one row per customers.customer_id
  SELECT b0.d0 AS d0, b0.a0 AS m0
  FROM lines_grouped AS b0
),
measured AS ( -- x, one row per customers.customer_id
  SELECT g.d0, g.m0 AS value0
  FROM groups AS g
),
numbers_of AS ( -- the number of each entity
  SELECT "Customer id" AS entity, "x" AS value FROM (
  SELECT d0 AS "Customer id", value0 AS "x"
  FROM measured
  ) AS numbered
),
placed_entities AS ( -- entities with their place
  SELECT entity, RANK() OVER (ORDER BY value) AS place, COUNT(*) OVER () AS n
  FROM numbers_of
  WHERE entity IS NOT NULL AND value IS NOT NULL
),
quantiles AS ( -- which of 5 parts each entity is in
  SELECT entity, CAST(FLOOR(CAST(5 * (place - 1) AS DOUBLE PRECISION) / n) AS BIGINT) + 1 AS band
  FROM placed_entities
),
customers_grouped AS ( -- customers, one row per band Fifth
  SELECT banded.band AS d0, COUNT(*) AS a0
  FROM "main"."customers" AS "customers"
  LEFT JOIN quantiles AS banded ON "customers"."customer_id" = banded.entity
  GROUP BY 1
),
groups_2 AS ( -- rows of customers, one row per band Fifth
  SELECT b0.d0 AS d0, COALESCE(b0.a0, 0) AS m0
  FROM customers_grouped AS b0
),
measured_2 AS ( -- Customers, one row per band Fifth
  SELECT g.d0, g.m0 AS value0
  FROM groups_2 AS g
)
SELECT d0 AS "Fifth", value0 AS "Customers"
  FROM measured_2
  ORDER BY d0 ASC NULLS LAST
