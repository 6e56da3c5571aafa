WITH rates_of_days AS ( -- rates into EUR
  SELECT "rates"."source" AS currency, CAST("rates"."day" AS DATE) AS day, MAX("rates"."rate") AS rate
  FROM "main"."rates" AS "rates"
  WHERE "rates"."rate" IS NOT NULL AND "rates"."target" = 'EUR'
  GROUP BY 1, 2
),
rates_until_next AS ( -- rates into EUR, each until the next
  SELECT currency, day, rate, LEAD(day) OVER (PARTITION BY currency ORDER BY day ASC) AS next_day FROM rates_of_days
),
payments_grouped AS ( -- payments, one row per month
  SELECT CAST(date_trunc('month', "orders"."ordered") AS DATE) AS d0, CASE WHEN COUNT("payments"."paid") = COUNT(CASE WHEN "payments"."currency" = 'EUR' THEN "payments"."paid" ELSE (CAST(1 AS DECIMAL(38, 0)) * "payments"."paid" * rates.rate) END) THEN SUM(CASE WHEN "payments"."currency" = 'EUR' THEN "payments"."paid" ELSE (CAST(1 AS DECIMAL(38, 0)) * "payments"."paid" * rates.rate) END) END AS a0
  FROM "main"."payments" AS "payments"
  LEFT JOIN "main"."orders" AS "orders" ON "payments"."order_id" = "orders"."id"
  LEFT JOIN rates_until_next AS rates ON "payments"."currency" = rates.currency AND rates.day <= CAST("payments"."day" AS DATE) AND (rates.next_day IS NULL OR CAST("payments"."day" AS DATE) < rates.next_day)
  WHERE ("orders"."id" IS NULL OR "orders"."status" <> 'cancelled')
  GROUP BY 1
),
groups AS ( -- paid, one row per month
  SELECT b0.d0 AS d0, b0.a0 AS m0
  FROM payments_grouped AS b0
),
measured AS ( -- Paid, one row per month
  SELECT g.d0, g.m0 AS value0
  FROM groups AS g
)
SELECT d0 AS "Month", value0 AS "Paid"
  FROM measured
  ORDER BY d0 ASC NULLS LAST
