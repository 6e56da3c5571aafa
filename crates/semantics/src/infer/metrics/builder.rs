//! Puts metrics together under the names that people have for them.

use crate::{
    Access, Additivity, Aggregation, Dataset, Expression, Field, Metric, MetricKind, Role,
    RowFilter, Subject, Unit,
};

/// What is found so far.
pub(super) struct Builder {
    pub(super) metrics: Vec<Metric>,
    /// Unit of amounts.
    pub(super) money: Unit,
}

/// What people call a metric.
struct Usual {
    label: &'static str,
    up_is_good: Option<bool>,
    synonyms: Vec<String>,
}

/// The phrases of "{item,unit} per {order,basket}".
fn choices(pattern: &str) -> Vec<String> {
    let Some((front, rest)) = pattern.split_once('{') else {
        return vec![pattern.to_string()];
    };
    let Some((words, behind)) = rest.split_once('}') else {
        return vec![pattern.to_string()];
    };
    let ends = choices(behind);
    words
        .split(',')
        .flat_map(|word| ends.iter().map(move |end| format!("{front}{word}{end}")))
        .collect()
}

fn usual(name: &str) -> Option<Usual> {
    include_str!("../../../lexicon/metrics.tsv")
        .lines()
        .filter(|l| !l.starts_with('#'))
        .find_map(|l| {
            let mut cells = l.split('\t');
            if cells.next()? != name {
                return None;
            }
            Some(Usual {
                label: cells.next()?,
                up_is_good: match cells.next()? {
                    "+" => Some(true),
                    "-" => Some(false),
                    _ => None,
                },
                synonyms: cells
                    .next()
                    .unwrap_or_default()
                    .split(" | ")
                    .filter(|s| !s.is_empty())
                    .flat_map(choices)
                    .collect(),
            })
        })
}

/// Why a metric is believed to be one.
fn evidence(kind: &MetricKind) -> Option<String> {
    Some(match kind {
        MetricKind::Simple {
            dataset,
            expression: Some(e),
            ..
        } => {
            let mut read: Vec<String> = e.fields().iter().map(|f| (*f).to_string()).collect();
            read.dedup();
            read.extend(e.lookups().iter().map(|f| f.to_string()));
            format!("{dataset} has {}", read.join(", "))
        }
        MetricKind::Simple { dataset, .. } => format!("a row of {dataset} is one"),
        MetricKind::Ratio {
            numerator: a,
            denominator: b,
        }
        | MetricKind::Difference { left: a, right: b } => format!("there is {a} and {b}"),
        _ => return None,
    })
}

impl Builder {
    pub(super) fn get(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|m| m.name == name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Adds a metric under its usual names, unless there is one of that name. The new one comes
    /// back, for what is unusual about it.
    pub(super) fn add(
        &mut self,
        name: &str,
        kind: MetricKind,
        unit: Unit,
        description: impl Into<String>,
    ) -> Option<&mut Metric> {
        if self.has(name) {
            return None;
        }
        let additive = match &kind {
            MetricKind::Difference { left, right } => [left, right].iter().all(|m| {
                self.get(m)
                    .is_some_and(|m| m.additivity == Additivity::Additive)
            }),
            _ => false,
        };
        let mut metric = Metric {
            evidence: evidence(&kind),
            unit,
            description: description.into(),
            ..Metric::new(name, kind)
        };
        if additive {
            metric.additivity = Additivity::Additive;
        }
        if let Some(usual) = usual(name) {
            metric.label = usual.label.into();
            metric.up_is_good = usual.up_is_good;
            metric.synonyms = usual.synonyms;
        }
        self.metrics.push(metric);
        self.metrics.last_mut()
    }

    /// Adds one metric over another, where both are there.
    pub(super) fn ratio(&mut self, name: &str, above: &str, below: &str, unit: Unit) {
        if !self.has(above) || !self.has(below) {
            return;
        }
        let kind = MetricKind::Ratio {
            numerator: above.into(),
            denominator: below.into(),
        };
        self.add(
            name,
            kind,
            unit,
            format!("{above} divided by {below}, each added up first"),
        );
    }
}

/// A level over time: it adds up over things, never over days.
pub(super) fn level(metric: &mut Metric) {
    metric.additivity = Additivity::Semi;
    metric.access = Access::Private;
}

pub(super) fn sum(dataset: &Dataset, expression: Expression) -> MetricKind {
    aggregate(&dataset.name, Aggregation::Sum, Some(expression), None)
}

pub(super) fn count(dataset: &str, filter: Option<RowFilter>) -> MetricKind {
    aggregate(dataset, Aggregation::Count, None, filter)
}

pub(super) fn aggregate(
    dataset: &str,
    aggregation: Aggregation,
    expression: Option<Expression>,
    filter: Option<RowFilter>,
) -> MetricKind {
    MetricKind::Simple {
        dataset: dataset.into(),
        aggregation,
        expression,
        filter,
    }
}

pub(super) fn measure(dataset: &Dataset, subject: Subject) -> Option<&Field> {
    dataset
        .fields
        .iter()
        .find(|f| f.role == Role::Measure && f.subject == subject)
}

pub(super) fn field_of(name: &str) -> Expression {
    Expression::Field(name.to_string())
}
