//! Pairs of items in the same basket.

use super::Compiler;
use super::statement::Select;
use crate::{Basket, Filter, Origin, OutputColumn, OutputRole, PairNumber, Query, QueryError};
use semantics::DataType;

impl Compiler<'_> {
    pub(super) fn basket(
        &mut self,
        query: &Query,
        basket: &Basket,
    ) -> Result<(Select, Vec<OutputColumn>), QueryError> {
        let item = self
            .model
            .field(&basket.item)
            .ok_or_else(|| QueryError::UnknownField(basket.item.to_string()))?;
        let (label, data_type) = (item.label.clone(), item.data_type);
        let (mut scope, conditions) = self.rows_of(&basket.lines, query)?;
        let id = scope.field(&basket.basket)?;
        let total = scope.select(vec![format!("COUNT(DISTINCT {id}) AS n")], conditions)?;
        let total = self.cte("all_baskets", "baskets in all".into(), &total);
        let (first, firsts) = self.side(query, basket, basket.first.as_ref())?;
        let (second, seconds) = self.side(query, basket, basket.second.as_ref())?;
        let directed = basket.first.is_some() || basket.second.is_some();
        let (left, right) = (
            self.sql.sort_key("f.item", data_type),
            self.sql.sort_key("s.item", data_type),
        );
        let apart = if directed { "<>" } else { "<" };
        let pairs = self.cte(
            "pairs",
            "baskets of each pair".into(),
            &Select {
                columns: vec![
                    "f.item AS a".into(),
                    "s.item AS b".into(),
                    "COUNT(*) AS n".into(),
                ],
                from: format!("FROM {first} AS f\n  JOIN {second} AS s ON f.basket = s.basket"),
                conditions: vec![format!("{left} {apart} {right}")],
                keys: 2,
                ..Select::default()
            },
        );
        let numbers = [
            (PairNumber::Baskets, "Baskets", "p.n".to_string()),
            (
                PairNumber::Support,
                "Support",
                self.sql.quotient("p.n", "t.n"),
            ),
            (
                PairNumber::Confidence,
                "Confidence",
                self.sql.quotient("p.n", "a.n"),
            ),
            (
                PairNumber::Lift,
                "Lift",
                self.sql
                    .quotient("p.n * t.n", &format!("({} * b.n)", self.sql.float("a.n"))),
            ),
        ];
        let mut columns = vec![
            column(&label, data_type, OutputRole::Dimension, 0),
            column(
                &format!("{label} with"),
                data_type,
                OutputRole::Dimension,
                1,
            ),
        ];
        let mut select = vec!["p.a".to_string(), "p.b".to_string()];
        let mut by = String::new();
        for (number, name, sql) in numbers {
            if number == basket.by {
                by = format!("c{}", columns.len());
            }
            let whole = number == PairNumber::Baskets;
            columns.push(OutputColumn {
                unit: (!whole && number != PairNumber::Lift).then(|| "fraction".into()),
                ..column(
                    name,
                    if whole {
                        DataType::Integer
                    } else {
                        DataType::Float
                    },
                    OutputRole::Measure,
                    columns.len(),
                )
            });
            select.push(sql);
        }
        let rated = self.cte(
            "rated",
            "pairs with their numbers".into(),
            &Select {
                columns: select
                    .iter()
                    .enumerate()
                    .map(|(i, sql)| format!("{sql} AS c{i}"))
                    .collect(),
                from: format!(
                    "FROM {pairs} AS p\n  JOIN {firsts} AS a ON p.a = a.item\n  JOIN {seconds} AS b ON p.b = b.item\n  CROSS JOIN {total} AS t"
                ),
                conditions: vec![format!("p.n >= {}", basket.min_baskets)],
                ..Select::default()
            },
        );
        let mut order = vec![self.sql.ordered(&by, true), self.sql.ordered("c2", true)];
        order.extend(["c0", "c1"].map(|c| {
            let key = self.sql.sort_key(c, data_type);
            self.sql.ordered(&key, false)
        }));
        let select = Select {
            columns: columns
                .iter()
                .enumerate()
                .map(|(i, c)| format!("c{i} AS {}", self.sql.identifier(&c.name)))
                .collect(),
            from: format!("FROM {rated}"),
            order,
            limit: query.limit,
            ..Select::default()
        };
        Ok((select, columns))
    }

    /// The distinct (basket, item) pairs of one side, and the number of baskets of each item.
    fn side(
        &mut self,
        query: &Query,
        basket: &Basket,
        only: Option<&Filter>,
    ) -> Result<(String, String), QueryError> {
        let (mut scope, mut conditions) = self.rows_of(&basket.lines, query)?;
        let id = scope.field(&basket.basket)?;
        let item = scope.field(&basket.item)?;
        if let Some(filter) = only {
            conditions.push(self.condition(&mut scope, filter)?);
        }
        conditions.push(format!("{id} IS NOT NULL"));
        conditions.push(format!("{item} IS NOT NULL"));
        let held = Select {
            distinct: true,
            ..scope.select(
                vec![format!("{id} AS basket"), format!("{item} AS item")],
                conditions,
            )?
        };
        let held = self.cte("held", "each item of each basket once".into(), &held);
        let counts = Select {
            columns: vec!["item".into(), "COUNT(*) AS n".into()],
            from: format!("FROM {held}"),
            keys: 1,
            ..Select::default()
        };
        let counts = self.cte("held_by", "baskets of each item".into(), &counts);
        Ok((held, counts))
    }
}

fn column(name: &str, data_type: DataType, role: OutputRole, at: usize) -> OutputColumn {
    OutputColumn {
        name: name.to_string(),
        data_type,
        unit: None,
        role,
        grain: None,
        origin: Origin::Shape(at),
    }
}
