//! Bands that rows fall into by a number of theirs or of their entity.

use super::Compiler;
use super::scope::Scope;
use super::statement::Select;
use crate::{Banded, Banding, Measure, Origin, Part, Query, QueryError};
use semantics::{DataType, FieldRef};

fn malformed(why: &str) -> QueryError {
    QueryError::Malformed(why.to_string())
}

/// Refuses bands that cannot be told apart.
fn checked(of: &Banded, by: &Banding) -> Result<(), QueryError> {
    let ascending = |edges: &mut dyn Iterator<Item = f64>| {
        let edges: Vec<f64> = edges.collect();
        !edges.is_empty()
            && edges.iter().all(|x| x.is_finite())
            && edges.windows(2).all(|w| w[0] < w[1])
    };
    match by {
        Banding::Width(width) if !(width.is_finite() && *width > 0.0) => {
            Err(malformed("the width of bands is above 0"))
        }
        Banding::Edges(edges) if !ascending(&mut edges.iter().copied()) => {
            Err(malformed("the edges of bands ascend"))
        }
        Banding::Quantiles(n) if !(2..=100).contains(n) => {
            Err(malformed("there are 2 to 100 quantiles"))
        }
        Banding::Pareto(classes) => {
            let mut names: Vec<&str> = classes.iter().map(|c| c.name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            let ends = ascending(&mut classes.iter().map(|c| c.up_to))
                && classes.iter().all(|c| c.up_to > 0.0)
                && classes.last().is_some_and(|c| c.up_to == 1.0);
            if matches!(of, Banded::Field(_)) {
                Err(malformed(
                    "classes are made of the numbers that a query gives",
                ))
            } else if !ends || names.len() != classes.len() || names.first() == Some(&"") {
                Err(malformed(
                    "classes have names of their own and end at ascending shares, the last at 1",
                ))
            } else {
                Ok(())
            }
        }
        _ => Ok(()),
    }
}

/// The names of bands that are texts, in their order.
pub(super) fn labels(by: &Banding) -> Vec<String> {
    match by {
        Banding::Width(_) | Banding::Quantiles(_) => Vec::new(),
        Banding::Pareto(classes) => classes.iter().map(|c| c.name.clone()).collect(),
        Banding::Edges(edges) => {
            let mut labels = Vec::new();
            if let (Some(first), Some(last)) = (edges.first(), edges.last()) {
                labels.push(format!("< {first}"));
                labels.extend(edges.windows(2).map(|w| format!("{} – < {}", w[0], w[1])));
                labels.push(format!("≥ {last}"));
            }
            labels
        }
    }
}

impl<'m> Compiler<'m> {
    /// The type of the numbers that are put into bands.
    fn banded_type(&self, of: &Banded) -> DataType {
        match of {
            Banded::Field(field) => self
                .model
                .field(field)
                .map_or(DataType::Opaque, |f| f.data_type),
            Banded::Query(query) => {
                let shown = query.compare.as_ref().and_then(|c| c.show.first());
                match (query.metrics.first(), shown) {
                    (_, Some(Part::Pct | Part::Share | Part::Rolling)) => DataType::Float,
                    (Some(term), _) => self.shape(&term.measure).data_type,
                    (None, _) => DataType::Opaque,
                }
            }
        }
    }

    /// The type of bands.
    pub(super) fn band_type(&self, of: &Banded, by: &Banding) -> DataType {
        match (by, self.banded_type(of)) {
            (Banding::Edges(_) | Banding::Pareto(_), _) => DataType::Text,
            (Banding::Quantiles(_), _) => DataType::Integer,
            (Banding::Width(width), DataType::Integer) if width.fract() == 0.0 => DataType::Integer,
            (Banding::Width(_), DataType::Integer | DataType::Decimal) => DataType::Decimal,
            (Banding::Width(_), _) => DataType::Float,
        }
    }

    /// The band of a row, as an expression over the scope's rows.
    pub(super) fn band(
        &mut self,
        scope: &mut Scope<'m>,
        of: &Banded,
        by: &Banding,
    ) -> Result<String, QueryError> {
        checked(of, by)?;
        let key = of.key().ok_or_else(|| {
            malformed(
                "a query whose numbers are put into bands has one dimension, a field, and a metric",
            )
        })?;
        let own = scope.field(key)?;
        let data_type = self.banded_type(of);
        let dated = matches!(by, Banding::Quantiles(_)) && data_type.is_temporal();
        if !data_type.is_numeric() && !dated {
            return Err(QueryError::TypeMismatch {
                left: key.to_string(),
                right: "numbers, which alone fall into bands".into(),
            });
        }
        Ok(match (of, by) {
            (Banded::Field(_), Banding::Width(_) | Banding::Edges(_)) => {
                self.edged(&own, by, data_type)
            }
            (Banded::Field(field), _) => {
                let bands = self.quantiles_of_field(field, by)?;
                let alias = scope.join_once("banded", |alias| {
                    format!("LEFT JOIN {bands} AS {alias} ON {own} = {alias}.value")
                });
                format!("{alias}.band")
            }
            (Banded::Query(query), _) => {
                let numbers = self.numbers_of(query)?;
                let bands = match by {
                    Banding::Width(_) | Banding::Edges(_) => numbers,
                    Banding::Quantiles(_) => self.quantiles_of_entities(&numbers, by),
                    Banding::Pareto(_) => self.classes(query, &numbers, by)?,
                };
                let alias = scope.join_once("banded", |alias| {
                    format!("LEFT JOIN {bands} AS {alias} ON {own} = {alias}.entity")
                });
                if matches!(by, Banding::Quantiles(_) | Banding::Pareto(_)) {
                    return Ok(format!("{alias}.band"));
                }
                let value = if self.nothing_is_zero(query)? {
                    format!("CASE WHEN {own} IS NOT NULL THEN COALESCE({alias}.value, 0) END")
                } else {
                    format!("{alias}.value")
                };
                self.edged(&value, by, data_type)
            }
        })
    }

    /// Whether an entity that a query does not give has the number 0.
    fn nothing_is_zero(&self, query: &Query) -> Result<bool, QueryError> {
        let Some(term) = query.metrics.first() else {
            return Ok(false);
        };
        let shown = query.compare.as_ref().and_then(|c| c.show.first());
        let parts = self.taken_apart(&[&term.measure])?;
        let nothing = parts
            .trees
            .first()
            .and_then(|t| t.of_nothing(&parts.leaves));
        Ok(nothing == Some(0.0) && shown.is_none_or(|p| *p == Part::Value))
    }

    /// Bands of a width, or between edges.
    fn edged(&self, value: &str, by: &Banding, data_type: DataType) -> String {
        match by {
            Banding::Width(width) => {
                let w = self.sql.number(*width);
                if data_type == DataType::Float {
                    return format!("FLOOR({value} / {w}) * {w}");
                }
                // A sum of whole numbers may be wider than a decimal takes in by itself.
                let value = match data_type {
                    DataType::Integer if width.fract() != 0.0 => {
                        self.sql.cast(value, DataType::Decimal)
                    }
                    _ => value.to_string(),
                };
                // By what is left, which is exact; it has the sign of the number.
                let lower = format!("({value} - ({value} % {w} + {w}) % {w})");
                if data_type == DataType::Integer && width.fract() == 0.0 {
                    self.sql.cast(&lower, DataType::Integer)
                } else {
                    lower
                }
            }
            Banding::Edges(edges) => {
                let labels = labels(by);
                let mut cases: Vec<String> = edges
                    .iter()
                    .zip(&labels)
                    .map(|(edge, label)| {
                        format!(
                            "WHEN {value} < {} THEN {}",
                            self.sql.number(*edge),
                            self.sql.text(label)
                        )
                    })
                    .collect();
                if let Some(last) = labels.last() {
                    cases.push(format!(
                        "WHEN {value} IS NOT NULL THEN {}",
                        self.sql.text(last)
                    ));
                }
                format!("CASE {} END", cases.join(" "))
            }
            Banding::Quantiles(_) | Banding::Pareto(_) => value.to_string(),
        }
    }

    /// A CTE with one row per entity of a query: `entity` and its number, `value`.
    fn numbers_of(&mut self, query: &Query) -> Result<String, QueryError> {
        let (select, columns) = self.select(query)?;
        let column = |wanted: &dyn Fn(Origin) -> bool| {
            columns
                .iter()
                .find(|c| wanted(c.origin))
                .map(|c| self.sql.identifier(&c.name))
                .ok_or_else(|| malformed("the query gives no number"))
        };
        let entity = column(&|o| o == Origin::Dimension(0))?;
        let value = column(&|o| matches!(o, Origin::Metric(0, _)))?;
        let text = format!(
            "SELECT {entity} AS entity, {value} AS value FROM (\n  {}\n  ) AS numbered",
            select.unordered().write(self.sql)
        );
        Ok(self.cte_text("numbers_of", "the number of each entity".into(), text))
    }

    /// The quantile that a place among so many has.
    fn quantile_of_place(&self, n: u32) -> String {
        format!(
            "CAST(FLOOR({} / n) AS {}) + 1",
            self.sql.float(&format!("{n} * (place - 1)")),
            self.sql.type_name(DataType::Integer)
        )
    }

    fn quantiles_of_field(&mut self, field: &FieldRef, by: &Banding) -> Result<String, QueryError> {
        let Banding::Quantiles(n) = by else {
            return Err(malformed(
                "classes are made of the numbers that a query gives",
            ));
        };
        let mut scope = Scope::new(&self.context, &field.dataset)?;
        let value = scope.field(&FieldRef::new(&field.dataset, &field.field))?;
        let placed = scope.select(
            vec![
                format!("{value} AS value"),
                format!("RANK() OVER (ORDER BY {value}) AS place"),
                "COUNT(*) OVER () AS n".into(),
            ],
            vec![format!("{value} IS NOT NULL")],
        )?;
        let placed = self.cte(
            "placed_values",
            format!("values of {field} with their place"),
            &placed,
        );
        let bands = Select {
            distinct: true,
            columns: vec![
                "value".into(),
                format!("{} AS band", self.quantile_of_place(*n)),
            ],
            from: format!("FROM {placed}"),
            ..Select::default()
        };
        Ok(self.cte(
            "quantiles",
            format!("which of {n} parts each value is in"),
            &bands,
        ))
    }

    fn quantiles_of_entities(&mut self, numbers: &str, by: &Banding) -> String {
        let Banding::Quantiles(n) = by else {
            return numbers.to_string();
        };
        let placed = Select {
            columns: vec![
                "entity".into(),
                "RANK() OVER (ORDER BY value) AS place".into(),
                "COUNT(*) OVER () AS n".into(),
            ],
            from: format!("FROM {numbers}"),
            conditions: vec!["entity IS NOT NULL".into(), "value IS NOT NULL".into()],
            ..Select::default()
        };
        let placed = self.cte(
            "placed_entities",
            "entities with their place".into(),
            &placed,
        );
        let bands = Select {
            columns: vec![
                "entity".into(),
                format!("{} AS band", self.quantile_of_place(*n)),
            ],
            from: format!("FROM {placed}"),
            ..Select::default()
        };
        self.cte(
            "quantiles",
            format!("which of {n} parts each entity is in"),
            &bands,
        )
    }

    fn classes(
        &mut self,
        query: &Query,
        numbers: &str,
        by: &Banding,
    ) -> Result<String, QueryError> {
        let Banding::Pareto(classes) = by else {
            return Err(malformed("no classes"));
        };
        let adds = |m: &Measure| self.shape(m).additive;
        let level = query
            .compare
            .as_ref()
            .and_then(|c| c.show.first())
            .is_none_or(|p| matches!(p, Part::Value | Part::Prior | Part::Delta));
        if let Some(term) = query
            .metrics
            .first()
            .filter(|t| !level || !adds(&t.measure))
        {
            return Err(QueryError::UnsafeReaggregation {
                what: term.name.clone(),
                how: "summed up to a whole that classes are parts of",
            });
        }
        // What is summed up to a whole is in one currency.
        if let Some(term) = query.metrics.first() {
            let window = self.window(query)?;
            for leaf in &self.taken_apart(&[&term.measure])?.leaves {
                self.money(leaf, &[], &window)?;
            }
        }
        let placed = Select {
            columns: vec![
                "entity".into(),
                // What is larger: everything down to here less the equals.
                "SUM(value) OVER (ORDER BY value DESC RANGE UNBOUNDED PRECEDING) - SUM(value) OVER (PARTITION BY value) AS larger".into(),
                "SUM(value) OVER () AS whole".into(),
            ],
            from: format!("FROM {numbers}"),
            conditions: vec!["entity IS NOT NULL".into(), "value IS NOT NULL".into()],
            ..Select::default()
        };
        let placed = self.cte("before_each", "the sum of what is larger".into(), &placed);
        let mut cases = Vec::new();
        for (i, class) in classes.iter().enumerate() {
            let name = self.sql.text(&class.name);
            cases.push(if i + 1 == classes.len() {
                format!("WHEN whole > 0 THEN {name}")
            } else {
                let end = self.sql.number(class.up_to);
                format!("WHEN whole > 0 AND larger < {end} * whole THEN {name}")
            });
        }
        let bands = Select {
            columns: vec![
                "entity".into(),
                format!("CASE {} END AS band", cases.join(" ")),
            ],
            from: format!("FROM {placed}"),
            ..Select::default()
        };
        Ok(self.cte("classes", "the class of each entity".into(), &bands))
    }
}
