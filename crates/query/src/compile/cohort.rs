//! Customers by the period of their first event, and what they do after it.

use super::Compiler;
use super::calendar::{Span, day};
use super::statement::Select;
use crate::{
    Cohort, Dimension, Grain, Origin, OutputColumn, OutputRole, Query, QueryError, TimeScope,
};
use jiff::ToSpan;
use semantics::DataType;

const MOST_PERIODS: u32 = 120;

/// Refuses what a cohort query cannot have.
fn checked(query: &Query, cohort: &Cohort) -> Result<(), QueryError> {
    if !matches!(
        cohort.grain,
        Grain::Day | Grain::Week | Grain::Month | Grain::Quarter | Grain::Year
    ) {
        return Err(QueryError::Malformed(
            "cohorts are days, weeks, months, quarters or years".into(),
        ));
    }
    if cohort.periods > MOST_PERIODS {
        return Err(QueryError::Malformed(format!(
            "a cohort is followed for {MOST_PERIODS} periods at most"
        )));
    }
    let other_time = |t: &TimeScope| t.field != cohort.event || t.calendar.is_some();
    if query.time.as_ref().is_some_and(other_time) {
        return Err(QueryError::Malformed(format!(
            "the time of a cohort query is {}, by the plain calendar",
            cohort.event
        )));
    }
    Ok(())
}

impl Compiler<'_> {
    pub(super) fn cohort(
        &mut self,
        query: &Query,
        cohort: &Cohort,
    ) -> Result<(Select, Vec<OutputColumn>), QueryError> {
        checked(query, cohort)?;
        let over = day(&cohort.watermark)?.saturating_add(1.days());
        let undated = Query {
            filter: query.filter.clone(),
            ..Query::default()
        };
        let period = Dimension::TimeOf {
            field: cohort.event.clone(),
            grain: cohort.grain,
        };
        let events = cohort.event.dataset.as_str();
        let plain = self.window(&Query::default())?;

        // The first event of each entity, over all of them.
        let (mut scope, mut conditions) = self.rows_of(events, &Query::default())?;
        let entity = scope.field(&cohort.entity)?;
        let at = self.dimension(&mut scope, 0, &period, &plain)?;
        conditions.push(format!("{entity} IS NOT NULL"));
        conditions.push(format!("{at} IS NOT NULL"));
        let first = Select {
            columns: vec![
                format!("{entity} AS entity"),
                format!("MIN({at}) AS cohort"),
            ],
            keys: 1,
            ..scope.select(Vec::new(), conditions)?
        };
        let first = self.cte(
            "first_period",
            format!("first {} of each {}", word(cohort.grain), cohort.entity),
            &first,
        );

        // Who did anything in which period.
        let (mut scope, mut conditions) = self.rows_of(events, &undated)?;
        let entity = scope.field(&cohort.entity)?;
        let at = self.dimension(&mut scope, 0, &period, &plain)?;
        conditions.push(format!("{entity} IS NOT NULL"));
        conditions.push(format!("{at} IS NOT NULL"));
        let active = Select {
            distinct: true,
            columns: vec![format!("{entity} AS entity"), format!("{at} AS period")],
            ..scope.select(Vec::new(), conditions)?
        };
        let active = self.cte("active", "who did anything in which period".into(), &active);

        let span = Span::of(query.time.as_ref().and_then(|t| t.range.as_ref()))?;
        let members = Select {
            columns: vec![
                "f.cohort".into(),
                "COUNT(DISTINCT f.entity) AS members".into(),
            ],
            from: format!("FROM {first} AS f\n  JOIN {active} AS a ON f.entity = a.entity"),
            conditions: span.condition(self.sql, "f.cohort").into_iter().collect(),
            keys: 1,
            ..Select::default()
        };
        let members = self.cte("members_of", "members of each cohort".into(), &members);
        let per_cell = Select {
            columns: vec![
                "f.cohort".into(),
                "a.period".into(),
                "COUNT(*) AS active".into(),
            ],
            from: format!("FROM {first} AS f\n  JOIN {active} AS a ON f.entity = a.entity"),
            keys: 2,
            ..Select::default()
        };
        let per_cell = self.cte(
            "active_in",
            "active members in each period".into(),
            &per_cell,
        );

        // Every cohort at every age.
        let ages: Vec<String> = (0..=cohort.periods)
            .map(|k| {
                let start = self.later("m.cohort", cohort.grain, k);
                let end = self.later("m.cohort", cohort.grain, k + 1);
                format!(
                    "SELECT m.cohort, {k} AS age, m.members, {start} AS period, {end} <= {} AS ended FROM {members} AS m",
                    self.sql.date(over)
                )
            })
            .collect();
        let cells = self.cte_text(
            "cells",
            "each cohort at each age".into(),
            ages.join("\n  UNION ALL "),
        );

        let mut columns = vec![
            OutputColumn {
                grain: Some(cohort.grain),
                ..column("Cohort", DataType::Date, OutputRole::Time, 0)
            },
            column("Age", DataType::Integer, OutputRole::Dimension, 1),
            column("Members", DataType::Integer, OutputRole::Measure, 2),
            column("Active", DataType::Integer, OutputRole::Measure, 3),
            OutputColumn {
                unit: Some("fraction".into()),
                ..column("Retention", DataType::Float, OutputRole::Measure, 4)
            },
        ];
        let active_now = "COALESCE(x.active, 0)";
        let when_over = |sql: &str| format!("CASE WHEN c.ended THEN {sql} END");
        let mut select = vec![
            "c.cohort".to_string(),
            "c.age".into(),
            "c.members".into(),
            when_over(active_now),
            when_over(&self.sql.quotient(active_now, "c.members")),
        ];
        let mut from = format!(
            "FROM {cells} AS c\n  LEFT JOIN {per_cell} AS x ON c.cohort = x.cohort AND c.period = x.period"
        );
        if let Some(term) = &cohort.measure {
            let shape = self.shape(&term.measure);
            let parts = self.taken_apart(&[&term.measure])?;
            let by = [Dimension::Field(cohort.entity.clone()), period];
            let over: Vec<&Dimension> = by.iter().collect();
            let unreached = self.unreached(&parts.leaves, &by);
            if let Some(e) = unreached {
                return Err(e);
            }
            if !shape.additive || parts.leaves.iter().any(|l| !self.adds_up(l, &over)) {
                return Err(QueryError::UnsafeReaggregation {
                    what: term.name.clone(),
                    how: "summed over the members of a cohort",
                });
            }
            let window = self.window(&undated)?;
            // What members are worth together is in one currency.
            for leaf in &parts.leaves {
                self.money(leaf, &[], &window)?;
            }
            let worth = self.frame("worth", &by, &[&term.measure], &window)?;
            let worth = Select {
                columns: vec![
                    "f.cohort".into(),
                    "w.d1 AS period".into(),
                    "SUM(w.m0) AS worth".into(),
                ],
                from: format!("FROM {first} AS f\n  JOIN {worth} AS w ON f.entity = w.d0"),
                // Members alone, also where rows of others pass the filter by another way.
                conditions: vec![format!("w.d0 IN (SELECT entity FROM {active})")],
                keys: 2,
                ..Select::default()
            };
            let worth = self.cte("worth_in", format!("{} in each period", term.name), &worth);
            from.push_str(&format!(
                "\n  LEFT JOIN {worth} AS w ON c.cohort = w.cohort AND c.period = w.period"
            ));
            let now = "COALESCE(w.worth, 0)";
            select.push(when_over(now));
            let so_far = format!("SUM({now}) OVER (PARTITION BY c.cohort ORDER BY c.age)");
            select.push(when_over(&self.sql.quotient(&so_far, "c.members")));
            columns.push(OutputColumn {
                unit: shape.unit.clone(),
                ..column(&term.name, shape.data_type, OutputRole::Measure, 5)
            });
            columns.push(OutputColumn {
                unit: shape.unit,
                ..column(
                    &format!("{} per member to date", term.name),
                    DataType::Float,
                    OutputRole::Measure,
                    6,
                )
            });
        }
        let select = Select {
            columns: select
                .iter()
                .zip(&columns)
                .map(|(sql, c)| format!("{sql} AS {}", self.sql.identifier(&c.name)))
                .collect(),
            from,
            order: vec![
                self.sql.ordered("c.cohort", false),
                self.sql.ordered("c.age", false),
            ],
            limit: query.limit,
            ..Select::default()
        };
        Ok((select, columns))
    }
}

impl Compiler<'_> {
    /// The first day of the period that comes so many periods after the one with this first day.
    fn later(&self, first: &str, grain: Grain, periods: u32) -> String {
        let n = i64::from(periods);
        match grain {
            Grain::Week => self.sql.plus_days(first, &(7 * n).to_string()),
            Grain::Month => self.sql.plus_months(first, n),
            Grain::Quarter => self.sql.plus_months(first, 3 * n),
            Grain::Year => self.sql.plus_months(first, 12 * n),
            _ => self.sql.plus_days(first, &n.to_string()),
        }
    }
}

fn word(grain: Grain) -> String {
    format!("{grain:?}").to_lowercase()
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
