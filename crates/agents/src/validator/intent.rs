//! The intent check: does the SQL compute what the query asks for?

use super::inventory::Inventory;
use super::periods;
use answer::{Check, Intent};
use query::{
    Align, Banded, Banding, Decompose, Dimension, Direction, End, Filter, Having, Literal, Measure,
    Operator, OrderKey, Part, Query, RowRank, Threshold,
};
use semantics::{Additivity, Aggregation, Expression, FieldRef, MetricKind, Model, RowFilter};
use std::collections::{BTreeMap, BTreeSet};

/// What the intent check found.
#[derive(Debug, Clone, PartialEq)]
pub struct IntentReport {
    /// Whether the SQL computes what the query asks for.
    pub ok: bool,
    /// Each comparison by name.
    pub checks: Vec<Check>,
}

impl IntentReport {
    fn of(checks: Vec<Check>) -> IntentReport {
        IntentReport {
            ok: checks.iter().all(|c| c.passed),
            checks,
        }
    }
}

fn check(name: &str, fault: Option<String>) -> Check {
    Check {
        name: name.into(),
        passed: fault.is_none(),
        detail: fault.unwrap_or_else(|| "as the query asks".into()),
    }
}

/// Compares what `sql` computes with what `query` asks for.
///
/// The SQL is read by a parser of its own; nothing of the compiler is used.
pub fn check_intent(query: &Query, sql: &str, model: &Model) -> IntentReport {
    let inventory = match Inventory::read(sql) {
        Ok(inventory) => inventory,
        Err(why) => return IntentReport::of(vec![check("readable", Some(why))]),
    };
    let mut wanted = Wanted::default();
    wanted.query(query, model);
    IntentReport::of(vec![
        check("aggregates", aggregates(&wanted, &inventory)),
        check(
            "columns",
            missing("column", wanted.columns.iter(), |c| {
                inventory.columns.contains(c)
            }),
        ),
        check("filters", filters(&wanted, &inventory)),
        check("joins", joins(query, model, &wanted, &inventory)),
        check("groups", groups(query, &inventory)),
        check("period", period(query, model, &wanted, &inventory)),
        check("comparison", comparison(query, model, &inventory)),
        check("order", order(query, &inventory)),
        check("limit", limit(query, &inventory)),
    ])
}

/// Compares what `sql` computes with the kind of answer that the question wants.
pub fn check_question_intent(intent: Intent, sql: &str) -> IntentReport {
    let inventory = match Inventory::read(sql) {
        Ok(inventory) => inventory,
        Err(why) => return IntentReport::of(vec![check("readable", Some(why))]),
    };
    let compares = inventory.minus + inventory.divide > 0
        && (inventory.dates().len() > 2
            || inventory.windows.keys().any(|w| w == "lag" || w == "lead")
            || inventory.aggregates.values().sum::<usize>() > 1);
    let fault = match intent {
        Intent::Growth if !compares => Some("asks for growth, computes a level".to_string()),
        Intent::Share if inventory.divide == 0 => {
            Some("asks for a share, computes a level".to_string())
        }
        Intent::Ratio if inventory.divide == 0 && !inventory.aggregates.contains_key("avg") => {
            Some("asks for a ratio, divides nothing".to_string())
        }
        Intent::Ranking if inventory.first_descends.is_none() && inventory.windows.is_empty() => {
            Some("asks for a ranking, orders nothing".to_string())
        }
        Intent::Trend if inventory.keys == 0 => {
            Some("asks for a course over time, groups by nothing".to_string())
        }
        _ => None,
    };
    IntentReport::of(vec![check("intent", fault)])
}

/// What a query requires of its SQL.
#[derive(Default)]
struct Wanted {
    /// Aggregates by SQL name, at least.
    aggregates: BTreeMap<&'static str, usize>,
    /// Physical columns, lower case.
    columns: BTreeSet<String>,
    /// Text literals of filters.
    texts: BTreeSet<String>,
    /// Text literals that conditions standing on other tables of the model may bring.
    standing: BTreeSet<String>,
    /// Datasets whose rows are counted or summed.
    homes: BTreeSet<String>,
    /// Numbers compared with, with their operators.
    numbers: Vec<(Operator, f64)>,
    /// Whether the query looks at time.
    dated: bool,
    /// Numbers that something is multiplied by.
    factors: Vec<f64>,
    /// Days.
    dates: BTreeSet<String>,
    /// Whether windows or shifted buckets may bring other dates.
    other_dates: bool,
    /// Whether a measure has bounds of its own: a total from the start of the year, weeks of cover up
    /// to the last stock.
    own_window: bool,
    /// Whether a mean that no measure names belongs to the query (a moving average, the mean of
    /// the groups).
    any_average: bool,
    /// The same of a median.
    any_median: bool,
}

impl Wanted {
    fn aggregate(&mut self, aggregation: Aggregation) {
        let name = match aggregation {
            Aggregation::Sum => "sum",
            Aggregation::Count => "count",
            Aggregation::CountDistinct => "count distinct",
            Aggregation::Average => "avg",
            Aggregation::Min => "min",
            Aggregation::Max => "max",
            Aggregation::Median => "median",
            Aggregation::Percentile(_) => "quantile_cont",
            Aggregation::StandardDeviation => "stddev_samp",
            Aggregation::Variance => "var_samp",
        };
        *self.aggregates.entry(name).or_default() += 1;
    }

    fn field(&mut self, field: &FieldRef, model: &Model) {
        if let Some(found) = model.field(field) {
            self.expression(&found.expression, &field.dataset, model, 0);
        }
    }

    fn expression(&mut self, e: &Expression, dataset: &str, model: &Model, depth: usize) {
        if depth > 20 {
            return;
        }
        match e {
            Expression::Column(name) => {
                self.columns.insert(name.to_lowercase());
            }
            Expression::Field(name) => match model.dataset(dataset).and_then(|d| d.field(name)) {
                Some(field) if field.expression != Expression::Field(name.clone()) => {
                    self.expression(&field.expression, dataset, model, depth + 1)
                }
                _ => {
                    self.columns.insert(name.to_lowercase());
                }
            },
            Expression::Number(_) => {}
            Expression::Text(text) => {
                self.texts.insert(text.clone());
            }
            Expression::Lookup(field) => self.field(field, model),
            Expression::Absolute(of) | Expression::DateOf(of) => {
                self.expression(of, dataset, model, depth + 1)
            }
            Expression::Case {
                branches,
                otherwise,
            } => {
                for branch in branches {
                    self.condition(&branch.when, model);
                    self.expression(&branch.then, dataset, model, depth + 1);
                }
                if let Some(otherwise) = otherwise {
                    self.expression(otherwise, dataset, model, depth + 1);
                }
            }
            Expression::Multiply(parts)
            | Expression::Add(parts)
            | Expression::Coalesce(parts)
            | Expression::Concatenate { parts, .. } => {
                parts
                    .iter()
                    .for_each(|p| self.expression(p, dataset, model, depth + 1));
            }
            Expression::Subtract(a, b)
            | Expression::Divide(a, b)
            | Expression::DaysBetween { from: a, to: b } => {
                self.expression(a, dataset, model, depth + 1);
                self.expression(b, dataset, model, depth + 1);
            }
            Expression::Address { of, .. } => self.expression(of, dataset, model, depth + 1),
        }
    }

    fn metric(&mut self, name: &str, model: &Model, depth: usize) {
        let Some(metric) = model.metric(name).filter(|_| depth < 20) else {
            return;
        };
        match &metric.kind {
            MetricKind::Simple {
                dataset,
                aggregation,
                expression,
                filter,
            } => {
                self.aggregate(*aggregation);
                self.homes.insert(dataset.clone());
                if let Some(expression) = expression {
                    self.expression(expression, dataset, model, 0);
                }
                if let Some(filter) = filter {
                    self.condition(filter, model);
                }
            }
            MetricKind::BasketAttach {
                basket,
                base,
                attach,
                ..
            } => {
                self.aggregate(Aggregation::CountDistinct);
                self.field(basket, model);
                self.condition(base, model);
                self.condition(attach, model);
            }
            kind => {
                self.own_window |= matches!(kind, MetricKind::Cumulative { .. });
                self.other_dates |= matches!(
                    kind,
                    MetricKind::Cumulative { .. } | MetricKind::Growth { .. }
                );
                for part in metric.parts() {
                    self.metric(part, model, depth + 1);
                }
            }
        }
    }

    fn condition(&mut self, filter: &RowFilter, model: &Model) {
        self.texts
            .extend(filter.texts().into_iter().map(str::to_string));
        for field in filter.fields() {
            self.field(field, model);
        }
    }

    fn measure(&mut self, measure: &Measure, model: &Model) {
        match measure {
            Measure::Metric(name) => self.metric(name, model, 0),
            Measure::Aggregate { aggregation, field } => {
                self.aggregate(*aggregation);
                self.field(field, model);
            }
            Measure::Rows(dataset) => {
                self.aggregate(Aggregation::Count);
                self.homes.insert(dataset.clone());
            }
            Measure::Ratio {
                numerator: a,
                denominator: b,
            }
            | Measure::Difference { left: a, right: b } => {
                self.measure(a, model);
                self.measure(b, model);
            }
            Measure::Where { measure, filter } => {
                self.measure(measure, model);
                self.filter(filter, model);
            }
            Measure::PerGroup {
                aggregation,
                measure,
                per,
            } => {
                self.aggregate(*aggregation);
                self.measure(measure, model);
                per.iter().for_each(|d| self.dimension(d, model));
            }
            Measure::CountOf(query) => {
                self.aggregate(Aggregation::Count);
                self.query(query, model);
            }
            Measure::ValueAt { end, field, by } => {
                let name = match end {
                    End::First => "arg_min",
                    End::Last => "arg_max",
                };
                *self.aggregates.entry(name).or_default() += 1;
                self.field(field, model);
                self.field(by, model);
            }
            Measure::Dated { measure, by } => {
                if self.dated {
                    self.field(by, model);
                }
                self.measure(measure, model);
            }
            Measure::OrZero(measure) => self.measure(measure, model),
            Measure::Cumulative { .. } => {
                self.other_dates = true;
                self.own_window = true;
                for part in measure.parts() {
                    self.measure(part, model);
                }
            }
            Measure::Opening(_) | Measure::SellThrough { .. } | Measure::WeeksOfSupply { .. } => {
                self.other_dates = true;
                self.own_window = true;
                for part in measure.parts() {
                    self.measure(part, model);
                }
            }
            Measure::BasketAttach {
                basket,
                base,
                attach,
                ..
            } => {
                self.aggregate(Aggregation::CountDistinct);
                self.field(basket, model);
                self.filter(base, model);
                self.filter(attach, model);
            }
            Measure::DaysSince { field, day } => {
                self.aggregate(Aggregation::Max);
                self.field(field, model);
                self.dates.extend(day.get(..10).map(String::from));
            }
        }
    }

    fn dimension(&mut self, dimension: &Dimension, model: &Model) {
        match dimension {
            Dimension::Field(field) | Dimension::TimeOf { field, .. } => self.field(field, model),
            Dimension::Time(_) => {}
            Dimension::Bucket { measure, per, .. } => {
                self.measure(measure, model);
                self.field(per, model);
            }
            Dimension::Band { of, by, .. } => self.band(of, by, model),
            Dimension::NewOrReturning { entity, event, .. } => {
                self.aggregate(Aggregation::Min);
                self.field(entity, model);
                self.field(event, model);
            }
        }
    }

    fn band(&mut self, of: &Banded, by: &Banding, model: &Model) {
        match of {
            Banded::Field(field) => self.field(field, model),
            Banded::Query(query) => self.query(query, model),
        }
        match by {
            Banding::Width(_) | Banding::Quantiles(_) => {}
            Banding::Edges(edges) => self
                .numbers
                .extend(edges.iter().map(|x| (Operator::Lt, *x))),
            Banding::Pareto(classes) => {
                self.aggregate(Aggregation::Sum);
                self.texts.extend(classes.iter().map(|c| c.name.clone()));
            }
        }
    }

    fn literal(&mut self, op: Operator, value: &Literal) {
        match value {
            Literal::Text(text) if periods::day(text).is_some() => {
                self.dates.insert(text[..10].to_string());
            }
            Literal::Text(text) => {
                self.texts.insert(text.clone());
            }
            Literal::Integer(n) => self.numbers.push((op, *n as f64)),
            Literal::Number(x) => self.numbers.push((op, *x)),
            Literal::Bool(_) => {}
        }
    }

    fn filter(&mut self, filter: &Filter, model: &Model) {
        match filter {
            Filter::And(all) | Filter::Or(all) => all.iter().for_each(|f| self.filter(f, model)),
            Filter::Not(one) => self.filter(one, model),
            Filter::Compare { field, op, value } => {
                self.field(field, model);
                self.literal(*op, value);
            }
            Filter::CompareFields { left, right, .. } => {
                self.field(left, model);
                self.field(right, model);
            }
            Filter::In { field, values } => {
                self.field(field, model);
                values.iter().for_each(|v| self.literal(Operator::Eq, v));
            }
            Filter::Contains { field, text } => {
                self.field(field, model);
                self.texts.insert(text.clone());
            }
            Filter::IsNull { field } => self.field(field, model),
            Filter::During { field, range } => {
                self.field(field, model);
                self.dates.extend(
                    range
                        .start
                        .iter()
                        .chain(&range.end)
                        .filter_map(|d| d.get(..10))
                        .map(String::from),
                );
            }
            Filter::Cycle { field, .. } => self.field(field, model),
            Filter::Members { field, query } | Filter::CompareQuery { field, query, .. } => {
                self.field(field, model);
                self.query(query, model);
            }
        }
    }

    /// Conditions that the model puts on every query of a table: they have to be there where its
    /// rows are counted, and may be there where other rows lead to them.
    fn standing(&mut self, query: &Query, model: &Model) {
        for dataset in &model.datasets {
            if query.without_default_filters.contains(&dataset.name) {
                continue;
            }
            for filter in &dataset.default_filters {
                if self.homes.contains(&dataset.name) {
                    self.condition(filter, model);
                } else {
                    let texts = filter.texts().into_iter().map(str::to_string);
                    self.standing.extend(texts);
                }
            }
        }
    }

    fn query(&mut self, query: &Query, model: &Model) {
        let outer = self.dated;
        self.dated = query.time.as_ref().is_some_and(|t| t.range.is_some())
            || query
                .dimensions
                .iter()
                .any(|d| matches!(d, Dimension::Time(_)));
        query
            .metrics
            .iter()
            .for_each(|t| self.measure(&t.measure, model));
        query
            .dimensions
            .iter()
            .for_each(|d| self.dimension(d, model));
        if let Some(rows) = &query.rows {
            rows.fields.iter().for_each(|f| self.field(f, model));
        }
        if let Some(filter) = &query.filter {
            self.filter(filter, model);
        }
        if let Some(range) = query.time.as_ref().and_then(|t| t.range.as_ref()) {
            self.dates.extend(
                range
                    .start
                    .iter()
                    .chain(&range.end)
                    .filter_map(|d| d.get(..10))
                    .map(String::from),
            );
        }
        self.other_dates |= query.rolling.is_some() || query.cumulative || query.compare.is_some();
        self.any_average |= query.rolling.is_some();
        self.standing(query, model);
        query.having.iter().for_each(|h| self.having(h, model));
        if let Some(rank) = query.rows.as_ref().and_then(|r| r.rank.as_ref()) {
            self.field(&rank.by, model);
            rank.per.iter().for_each(|f| self.field(f, model));
        }
        if let Some(sets) = &query.sets {
            sets.queries.iter().for_each(|q| self.query(q, model));
        }
        if let Some(basket) = &query.basket {
            self.aggregate(Aggregation::Count);
            self.aggregate(Aggregation::CountDistinct);
            self.field(&basket.basket, model);
            self.field(&basket.item, model);
            for side in [&basket.first, &basket.second].into_iter().flatten() {
                self.filter(side, model);
            }
            self.numbers
                .push((Operator::Ge, f64::from(basket.min_baskets)));
        }
        if let Some(Decompose::PriceVolumeMix(mix)) = &query.decompose {
            self.measure(&mix.value.measure, model);
            self.measure(&mix.quantity, model);
            mix.per.iter().for_each(|d| self.dimension(d, model));
        }
        if let Some(cohort) = &query.cohort {
            self.aggregate(Aggregation::Min);
            self.aggregate(Aggregation::CountDistinct);
            self.field(&cohort.entity, model);
            self.field(&cohort.event, model);
            if let Some(term) = &cohort.measure {
                self.measure(&term.measure, model);
            }
            // The day after the watermark ends the periods that are over.
            let after = cohort
                .watermark
                .parse::<jiff::civil::Date>()
                .ok()
                .and_then(|d| d.tomorrow().ok());
            self.dates.extend(after.map(|d| d.to_string()));
        }
        self.dated = outer;
    }

    fn having(&mut self, having: &Having, model: &Model) {
        self.threshold(having.op, &having.value, model);
        having.or.iter().for_each(|h| self.having(h, model));
    }

    fn threshold(&mut self, op: Operator, value: &Threshold, model: &Model) {
        match value {
            Threshold::Number(x) => self.numbers.push((op, *x)),
            Threshold::AverageOfGroups | Threshold::AverageWithin(_) => self.any_average = true,
            Threshold::MedianOfGroups => self.any_median = true,
            Threshold::Metric(_) | Threshold::Part(..) => {}
            Threshold::Query(query) => self.query(query, model),
            Threshold::Times(factor, of) => {
                self.factors.push(*factor);
                match of.as_ref() {
                    Threshold::Number(x) => self.factors.push(*x),
                    other => self.threshold(op, other, model),
                }
            }
        }
    }
}

fn missing<'a>(
    what: &str,
    wanted: impl Iterator<Item = &'a String>,
    has: impl Fn(&String) -> bool,
) -> Option<String> {
    let lost: Vec<&str> = wanted.filter(|w| !has(w)).map(String::as_str).collect();
    (!lost.is_empty()).then(|| format!("{what} not used: {}", lost.join(", ")))
}

fn aggregates(wanted: &Wanted, inventory: &Inventory) -> Option<String> {
    for name in wanted.aggregates.keys() {
        if !inventory.aggregates.contains_key(*name) && !inventory.windows.contains_key(*name) {
            return Some(format!(
                "asks for {name}, computes {}",
                inventory
                    .aggregates
                    .keys()
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(", ")
            ));
        }
    }
    for odd in [
        "avg",
        "median",
        "count distinct",
        "quantile_cont",
        "stddev_samp",
        "var_samp",
    ] {
        let known = wanted.aggregates.contains_key(odd)
            || (odd == "avg" && wanted.any_average)
            || (odd == "median" && wanted.any_median);
        if inventory.aggregates.contains_key(odd) && !known {
            return Some(format!("computes {odd}, which was not asked for"));
        }
    }
    None
}

fn filters(wanted: &Wanted, inventory: &Inventory) -> Option<String> {
    let folded: Vec<String> = inventory.texts.iter().map(|t| t.to_lowercase()).collect();
    let plain = |t: &String| {
        inventory.texts.contains(t)
            || folded
                .iter()
                .any(|f| f.trim_matches('%') == t.to_lowercase())
    };
    if let Some(fault) = missing("filter value", wanted.texts.iter(), plain) {
        return Some(fault);
    }
    for (op, x) in &wanted.numbers {
        let sign = match op {
            Operator::Eq => "=",
            Operator::Ne => "<>",
            Operator::Lt => "<",
            Operator::Le => "<=",
            Operator::Gt => ">",
            Operator::Ge => ">=",
        };
        let equal = |n: &String| n.parse::<f64>().is_ok_and(|n| n == *x || n == x.abs());
        let compared = inventory
            .comparisons
            .iter()
            .any(|(o, n)| (o == sign || *op == Operator::Eq) && equal(n));
        let listed =
            matches!(op, Operator::Eq | Operator::Ne) && inventory.numbers.iter().any(equal);
        if !compared && !listed {
            return Some(format!("no condition {sign} {x}"));
        }
    }
    for factor in &wanted.factors {
        let written = |n: &String| n.parse::<f64>().is_ok_and(|n| n == factor.abs());
        if !inventory.numbers.iter().any(written) {
            return Some(format!("nothing is multiplied by {factor}"));
        }
    }
    let strange: Vec<&String> = inventory
        .compared
        .iter()
        .filter(|c| {
            !wanted
                .texts
                .iter()
                .chain(&wanted.standing)
                .any(|t| t == *c || t.to_lowercase() == c.to_lowercase())
                && periods::day(c).is_none()
        })
        .filter(|c| !c.is_empty() && super::vocabulary::weekday(c).is_none())
        .collect();
    strange
        .first()
        .map(|c| format!("compares with '{c}', which was not asked for"))
}

/// Joins follow the model's relationships, and lose no rows that no condition excludes.
fn joins(query: &Query, model: &Model, wanted: &Wanted, inventory: &Inventory) -> Option<String> {
    let dataset = |name: &str| {
        model.datasets.iter().find(|d| {
            d.name.to_lowercase() == name
                || d.table.last().is_some_and(|t| t.to_lowercase() == name)
        })
    };
    let columns = |d: &semantics::Dataset, field: &str| -> Vec<String> {
        d.field(field).map_or_else(Vec::new, |f| {
            f.expression
                .columns()
                .into_iter()
                .map(str::to_lowercase)
                .collect()
        })
    };
    for [(a, x), (b, y)] in &inventory.joined {
        let (Some(a), Some(b)) = (dataset(a), dataset(b)) else {
            continue;
        };
        let along = |from: &semantics::Dataset, x: &String, to: &semantics::Dataset, y: &String| {
            model.relationships.iter().any(|r| {
                r.from == from.name
                    && r.to == to.name
                    && r.from_fields
                        .iter()
                        .zip(&r.to_fields)
                        .any(|(f, t)| columns(from, f).contains(x) && columns(to, t).contains(y))
            })
        };
        if a.name != b.name && !along(a, x, b, y) && !along(b, y, a, x) {
            return Some(format!(
                "joins {}.{x} with {}.{y}, which the model does not relate",
                a.name, b.name
            ));
        }
    }
    let plain = query.basket.is_none()
        && query.cohort.is_none()
        && query.sets.is_none()
        && query.decompose.is_none()
        && query.filter.is_none()
        && query.having.is_empty()
        && !wanted.own_window
        && !query.metrics.iter().any(|t| !is_simple(&t.measure, model));
    (plain && inventory.inner_joins > 0)
        .then(|| "an inner join drops the rows that have no partner".to_string())
}

/// Whether a measure is an aggregate of rows, or arithmetic over such.
fn is_simple(measure: &Measure, model: &Model) -> bool {
    match measure {
        Measure::Metric(name) => model.metric(name).is_some_and(|m| {
            let of_its_own = matches!(
                m.kind,
                MetricKind::Cumulative { .. }
                    | MetricKind::Growth { .. }
                    | MetricKind::BasketAttach { .. }
            );
            m.additivity != Additivity::Semi
                && !of_its_own
                && m.parts()
                    .into_iter()
                    .filter(|p| *p != name.as_str())
                    .all(|p| is_simple(&Measure::Metric(p.to_string()), model))
        }),
        Measure::Aggregate { .. } => !is_level(measure, model),
        Measure::Rows(_) => true,
        Measure::Ratio {
            numerator: a,
            denominator: b,
        }
        | Measure::Difference { left: a, right: b } => is_simple(a, model) && is_simple(b, model),
        Measure::OrZero(inner) => is_simple(inner, model),
        _ => false,
    }
}

fn groups(query: &Query, inventory: &Inventory) -> Option<String> {
    let grouped = !query.metrics.is_empty() && !query.dimensions.is_empty();
    if grouped && inventory.keys < query.dimensions.len() {
        return Some(format!(
            "asks for groups by {} fields, groups by {}",
            query.dimensions.len(),
            inventory.keys
        ));
    }
    if query.metrics.is_empty() {
        return None;
    }
    let parts = query.compare.as_ref().map_or(1, |c| c.show.len());
    let more = usize::from(query.share.is_some())
        + usize::from(query.cumulative)
        + usize::from(query.rolling.is_some());
    let least = query.dimensions.len() + query.metrics.len() * parts.min(parts + more);
    inventory
        .width
        .filter(|w| *w < least)
        .map(|w| format!("asks for {least} columns, computes {w}"))
}

/// Whether a number is a level: as of the end of a period, whose first day plays no part.
fn is_level(measure: &Measure, model: &Model) -> bool {
    match measure {
        Measure::Metric(name) => model
            .metric(name)
            .is_some_and(|m| m.additivity == Additivity::Semi),
        Measure::Where { measure, .. } => is_level(measure, model),
        Measure::Aggregate { field, .. } => model
            .field(field)
            .is_some_and(|f| f.additivity == Additivity::Semi),
        _ => false,
    }
}

fn period(query: &Query, model: &Model, wanted: &Wanted, inventory: &Inventory) -> Option<String> {
    let range = query.time.as_ref().and_then(|t| t.range.as_ref());
    let levels = query.metrics.iter().all(|t| is_level(&t.measure, model));
    let cut = query
        .compare
        .as_ref()
        .is_some_and(|c| c.align == Align::ToDate);
    let running = query.dimensions.iter().any(
        |d| matches!(d, Dimension::Time(g) | Dimension::TimeOf { grain: g, .. } if !g.is_cyclic()),
    );
    let required: Vec<&String> = wanted
        .dates
        .iter()
        .filter(|d| {
            let end = range.and_then(|r| r.end.as_ref()) == Some(*d);
            let start = range.and_then(|r| r.start.as_ref()) == Some(*d);
            // A range that the watermark cuts off ends there instead.
            let replaced = cut && end || levels && start || wanted.own_window && (start || end);
            !replaced
        })
        .collect();
    if let Some(lost) = required.iter().find(|d| !inventory.has_date(d)) {
        return Some(format!("the day {lost} of the range is not in the SQL"));
    }
    // A comparison over whole periods has the days of both and no others.
    let plain = query.rolling.is_none()
        && !query.cumulative
        && !wanted.own_window
        && query
            .compare
            .as_ref()
            .is_none_or(|c| c.comparable.is_none())
        && query.metrics.iter().all(|t| is_simple(&t.measure, model));
    let other = if running {
        periods::one_back(query)
    } else {
        periods::prior(query)
    };
    if let Some(other) = other.filter(|_| plain) {
        let mut allowed = wanted.dates.clone();
        allowed.extend(
            [other.start, other.end]
                .into_iter()
                .flatten()
                .map(|d| d.to_string()),
        );
        if let Some(odd) = inventory.dates().into_iter().find(|d| !allowed.contains(d)) {
            return Some(format!("the day {odd} was not asked for"));
        }
    }
    if !wanted.other_dates && !running {
        let strange = inventory
            .dates()
            .into_iter()
            .find(|d| !wanted.dates.contains(d));
        return strange.map(|d| format!("the day {d} was not asked for"));
    }
    None
}

fn comparison(query: &Query, model: &Model, inventory: &Inventory) -> Option<String> {
    let compare = query.compare.as_ref()?;
    let change = compare
        .show
        .iter()
        .any(|p| matches!(p, Part::Delta | Part::Pct));
    let running = query.dimensions.iter().any(
        |d| matches!(d, Dimension::Time(g) | Dimension::TimeOf { grain: g, .. } if !g.is_cyclic()),
    );
    let level = "asks for growth, computes a level";
    if change && inventory.minus + inventory.divide == 0 {
        return Some(level.into());
    }
    if compare.show.contains(&Part::Pct) && inventory.divide == 0 {
        return Some(level.into());
    }
    if running {
        return None;
    }
    if let Some(other) = periods::prior(query) {
        let levels = query.metrics.iter().all(|t| is_level(&t.measure, model));
        let lost = [other.start.filter(|_| !levels), other.end]
            .into_iter()
            .flatten()
            .map(|d| d.to_string())
            .find(|d| !inventory.has_date(d));
        return lost.map(|d| format!("{level}: the day {d} of the other period is not in the SQL"));
    }
    // Two levels before a day need no more than the two days.
    let levels = query
        .metrics
        .iter()
        .all(|t| is_level(&t.measure, model) || matches!(t.measure, Measure::Opening(_)));
    let days = if levels { 2 } else { 3 };
    (inventory.dates().len() < days && query.time.as_ref().is_some_and(|t| t.range.is_some()))
        .then(|| level.to_string())
}

fn order(query: &Query, inventory: &Inventory) -> Option<String> {
    let keys: Vec<Direction> = query
        .order
        .iter()
        .map(|o| {
            let _: &OrderKey = &o.key;
            o.direction
        })
        .chain(query.rank.as_ref().map(|r| r.direction))
        .chain(row_rank(query).map(|r| r.direction))
        .collect();
    let (down, up) = (
        keys.contains(&Direction::Descending),
        keys.contains(&Direction::Ascending),
    );
    if down && inventory.descending == 0 {
        return Some("asks for the largest first, sorts upwards".into());
    }
    if up && !down && inventory.first_descends == Some(true) && query.rank.is_some() {
        return Some("asks for the smallest first, sorts downwards".into());
    }
    match (
        query.order.first().map(|o| o.direction),
        inventory.first_descends,
    ) {
        (Some(Direction::Descending), Some(false)) => {
            Some("asks for the largest first, sorts upwards".into())
        }
        (Some(Direction::Ascending), Some(true)) => {
            Some("asks for the smallest first, sorts downwards".into())
        }
        (Some(_), None) => Some("asks for an order, sorts nothing".into()),
        _ => None,
    }
}

fn limit(query: &Query, inventory: &Inventory) -> Option<String> {
    if let Some(n) = query.limit
        && !inventory.limits.contains(&n.to_string())
    {
        return Some(format!("asks for {n} rows at most"));
    }
    let (n, skip, percent) = match (&query.rank, row_rank(query)) {
        (Some(rank), _) => (rank.n, rank.skip, rank.percent),
        (None, Some(rank)) => (rank.n, rank.skip, false),
        (None, None) => return None,
    };
    let last = if percent { n } else { n + skip }.to_string();
    let bounded =
        inventory.comparisons.iter().any(|(_, n)| *n == last) || inventory.numbers.contains(&last);
    (!bounded).then(|| format!("asks for the first {n} by rank, bounds nothing"))
}

fn row_rank(query: &Query) -> Option<&RowRank> {
    query.rows.as_ref()?.rank.as_ref()
}
