//! Periods without rows, where a metric declares that they are shown.
//!
//! Shown is every period of the range that the data of the first measure has reached (from the
//! first one that has rows, where the range has no start), and every one in which any measure has
//! rows; each for every combination of the other groups. In the groups that are added a metric has
//! what it declares, a measure that declares nothing what it is over no rows. In the others, which
//! some measure has rows in, what is declared stands for a value that there is none of (NULL).
//! Groups without a date stay as they are.

use super::Compiler;
use super::calendar::Span;
use super::grouped::Setting;
use super::reckoning::{Days, Reckoning};
use super::scope::Scope;
use super::statement::Select;
use crate::{Grain, Measure, QueryError};
use jiff::ToSpan;
use jiff::civil::Date;
use semantics::{FieldRef, Fill};

impl<'m> Compiler<'m> {
    /// What a measure declares for periods without rows.
    pub(super) fn fill(&self, measure: &Measure) -> Fill {
        match measure {
            Measure::Metric(name) => self.model.metric(name).map_or(Fill::None, |m| m.fill),
            Measure::Where { measure, .. } => self.fill(measure),
            _ => Fill::None,
        }
    }

    /// Groups with a row for every period of the range that the data has reached, if a measure
    /// declares so; else the groups as they are.
    pub(super) fn filled(
        &mut self,
        setting: &Setting,
        base: String,
        (r, grain): (usize, Grain),
        shown: Span,
    ) -> Result<String, QueryError> {
        let query = setting.query;
        let fills: Vec<Fill> = query
            .metrics
            .iter()
            .map(|t| self.fill(&t.measure))
            .collect();
        if fills.iter().all(|f| *f == Fill::None) {
            return Ok(base);
        }
        let sql = self.sql;
        let spine = self.spine(setting, &base, (r, grain), shown)?;
        let others: Vec<usize> = (0..query.dimensions.len()).filter(|d| *d != r).collect();
        let mut from = format!("FROM {spine} AS s");
        if !others.is_empty() {
            let combinations = self.cte(
                "combinations",
                "groups that are shown in every period".into(),
                &Select {
                    distinct: true,
                    columns: others.iter().map(|d| format!("d{d}")).collect(),
                    from: format!("FROM {base}"),
                    ..Select::default()
                },
            );
            from.push_str(&format!("\n  CROSS JOIN {combinations} AS o"));
        }
        let mut on = vec![format!("g.d{r} = s.period")];
        on.extend(others.iter().map(|d| {
            sql.same(
                &format!("g.d{d}"),
                &format!("o.d{d}"),
                self.dimension_type(&query.dimensions[*d]),
            )
        }));
        from.push_str(&format!(
            "\n  LEFT JOIN {base} AS g ON {}",
            on.join(" AND ")
        ));
        let mut select = Select {
            from,
            ..Select::default()
        };
        for d in 0..query.dimensions.len() {
            select.columns.push(if d == r {
                format!("s.period AS d{d}")
            } else {
                format!("o.d{d} AS d{d}")
            });
        }
        let sides: &[&str] = if query.compare.is_some() {
            &["m", "p"]
        } else {
            &["m"]
        };
        for (m, fill) in fills.iter().enumerate() {
            let nothing = match fill {
                Fill::Zero => Some(0.0),
                _ => setting.parts.trees[m].of_nothing(&setting.parts.leaves),
            };
            for side in sides {
                let value = format!("g.{side}{m}");
                select.columns.push(match (fill, nothing) {
                    // Counted up to here, so that what follows can be told from what goes before.
                    (Fill::Previous, _) => format!("{value} AS {side}{m}"),
                    (_, Some(x)) => {
                        format!("COALESCE({value}, {}) AS {side}{m}", sql.number(x))
                    }
                    (_, None) => format!("{value} AS {side}{m}"),
                });
            }
        }
        if setting.with_leaves {
            for i in 0..setting.parts.leaves.len() {
                select.columns.push(format!("g.l{i}"));
                if query.compare.is_some() {
                    select.columns.push(format!("g.pl{i}"));
                }
            }
        }
        let mut filled = self.cte(
            "every_period",
            "a row for every period that the data has reached".into(),
            &select,
        );
        if fills.contains(&Fill::Previous) {
            filled = self.carried_on(setting, filled, &others, r, &fills, sides);
        }
        // What has no date stays as it is.
        let names: Vec<String> = (0..query.dimensions.len())
            .map(|d| format!("d{d}"))
            .chain((0..fills.len()).flat_map(|m| sides.iter().map(move |s| format!("{s}{m}"))))
            .chain(setting.with_leaves.then_some(0).into_iter().flat_map(|_| {
                (0..setting.parts.leaves.len()).flat_map(|i| {
                    std::iter::once(format!("l{i}"))
                        .chain(query.compare.is_some().then(|| format!("pl{i}")))
                })
            }))
            .collect();
        let names = names.join(", ");
        Ok(self.cte_text(
            "filled",
            "with the groups that have no date".into(),
            format!(
                "SELECT {names} FROM {filled}\n  UNION ALL SELECT {names} FROM {base} WHERE d{r} IS NULL"
            ),
        ))
    }

    /// Values carried on to the periods without one.
    fn carried_on(
        &mut self,
        setting: &Setting,
        filled: String,
        others: &[usize],
        r: usize,
        fills: &[Fill],
        sides: &[&str],
    ) -> String {
        let partition: Vec<String> = others.iter().map(|d| format!("d{d}")).collect();
        let by = |more: &[String]| {
            let keys: Vec<String> = partition.iter().chain(more).cloned().collect();
            if keys.is_empty() {
                String::new()
            } else {
                format!("PARTITION BY {} ", keys.join(", "))
            }
        };
        let carried: Vec<(usize, String)> = fills
            .iter()
            .enumerate()
            .filter(|(_, f)| **f == Fill::Previous)
            .flat_map(|(m, _)| sides.iter().map(move |s| (m, format!("{s}{m}"))))
            .collect();
        let mut numbered = Select {
            columns: vec!["*".into()],
            from: format!("FROM {filled}"),
            ..Select::default()
        };
        for (_, column) in &carried {
            numbered.columns.push(format!(
                "COUNT({column}) OVER ({}ORDER BY d{r} ROWS UNBOUNDED PRECEDING) AS values_of_{column}",
                by(&[])
            ));
        }
        let numbered = self.cte(
            "values_so_far",
            "how many values there are up to each period".into(),
            &numbered,
        );
        let mut select = Select {
            columns: (0..setting.query.dimensions.len())
                .map(|d| format!("d{d}"))
                .collect(),
            from: format!("FROM {numbered}"),
            ..Select::default()
        };
        for m in 0..fills.len() {
            for side in sides {
                let column = format!("{side}{m}");
                select
                    .columns
                    .push(if carried.iter().any(|(_, c)| *c == column) {
                        format!(
                            "MAX({column}) OVER ({}) AS {column}",
                            by(&[format!("values_of_{column}")]).trim_end()
                        )
                    } else {
                        column
                    });
            }
        }
        if setting.with_leaves {
            for i in 0..setting.parts.leaves.len() {
                select.columns.push(format!("l{i}"));
                if setting.query.compare.is_some() {
                    select.columns.push(format!("pl{i}"));
                }
            }
        }
        self.cte(
            "carried_on",
            "the last value for the periods without one".into(),
            &select,
        )
    }

    /// A CTE with every period of the range that the data has reached, as `period`; its name.
    fn spine(
        &mut self,
        setting: &Setting,
        base: &str,
        (r, grain): (usize, Grain),
        shown: Span,
    ) -> Result<String, QueryError> {
        let sql = self.sql;
        let (home, field) = self.bucket_field(setting, r)?;
        let from = match shown.start {
            Some(start) => sql.date(start),
            None => format!("(SELECT MIN(d{r}) FROM {base})"),
        };
        let to = self.last_reached(&home, &field, shown)?;
        let days = Days { from, to };
        let note = "every period that the data has reached".to_string();
        let reckoning = &setting.window.reckoning;
        let text = match (grain, reckoning) {
            (Grain::Hour, _) => {
                let to = sql.plus_days(&sql.day(&days.to), "1");
                format!(
                    "SELECT period FROM ({}) AS hours WHERE period < {} AND period <= (SELECT MAX(d{r}) FROM {base})",
                    sql.hours(&days.from, &to),
                    sql.cast(&to, semantics::DataType::Timestamp)
                )
            }
            (Grain::Day, _) => format!(
                "SELECT day AS period FROM ({}) AS days",
                sql.days(&days.from, &days.to)
            ),
            (_, Reckoning::Months { .. }) => format!(
                "SELECT DISTINCT {} AS period FROM ({}) AS days",
                self.plain_period(reckoning, grain, "day"),
                sql.days(&days.from, &days.to)
            ),
            _ => {
                let column = match grain {
                    Grain::Week => "week",
                    Grain::Month => "month",
                    Grain::Quarter => "quarter",
                    _ => "year",
                };
                let reckoning = reckoning.clone();
                let table = self.calendar_table(&reckoning, &days, column)?;
                format!(
                    "SELECT DISTINCT {column} AS period FROM {table} WHERE day >= {} AND day <= {}",
                    sql.day(&days.from),
                    sql.day(&days.to)
                )
            }
        };
        // Other measures may go on where the first one ends.
        let text = format!("{text}\n  UNION SELECT d{r} FROM {base} WHERE d{r} IS NOT NULL");
        Ok(self.cte_text("periods", note, text))
    }

    /// The last day of a range that the data has reached, as SQL; NULL where there is no data.
    fn last_reached(
        &self,
        home: &str,
        field: &FieldRef,
        shown: Span,
    ) -> Result<String, QueryError> {
        let sql = self.sql;
        let last = shown.end.map(|end| end.saturating_sub(1.days()));
        let known = self
            .context
            .graph
            .field(field)
            .and_then(|f| f.max.as_deref())
            .and_then(|day| day.get(..10))
            .and_then(|day| day.parse::<Date>().ok());
        if let Some(known) = known {
            return Ok(sql.date(last.map_or(known, |last| last.min(known))));
        }
        let mut scope = Scope::unrestricted(&self.context, home)?;
        let of = sql.day(&scope.field(field)?);
        let reached = format!("(SELECT MAX({of}) {})", scope.from()?);
        Ok(match last {
            None => reached,
            Some(last) => {
                let last = sql.date(last);
                format!("CASE WHEN {reached} >= {last} THEN {last} ELSE {reached} END")
            }
        })
    }
}
