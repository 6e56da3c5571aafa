//! Random typed queries over a model: every feature, most of them answerable, some not.

use crate::calendar;
use crate::data_generator::{WORDS, first_day, last_day};
use crate::evaluate::{Reach, reach};
use crate::random::Random;
use crate::tables::Tables;
use crate::value::Value;
use query::{
    Align, Compare, CompareTo, DateRange, Dimension, Direction, Filter, Grain, Having, Literal,
    Measure, Operator, Order, OrderKey, Part, Query, Rank, RowRank, RowsOf, SetOperation, Sets,
    Share, Term, Threshold, Ties, TimeScope,
};
use semantics::{
    Additivity, Aggregation, DataType, Expression, Field, FieldRef, MetricKind, Model, Role,
};

const OPERATORS: [Operator; 6] = [
    Operator::Eq,
    Operator::Ne,
    Operator::Lt,
    Operator::Le,
    Operator::Gt,
    Operator::Ge,
];

pub(crate) struct QueryGenerator<'a> {
    pub(crate) model: &'a Model,
    pub(crate) tables: &'a Tables,
    pub(crate) random: &'a mut Random,
    /// Sub-queries have none of their own.
    pub(crate) nested: bool,
}

/// Datasets whose rows a measure aggregates.
fn homes(model: &Model, measure: &Measure, into: &mut Vec<String>) {
    match measure {
        Measure::Metric(name) => match model.metric(name).map(|m| &m.kind) {
            Some(MetricKind::Simple { dataset, .. }) => into.push(dataset.clone()),
            Some(
                MetricKind::Ratio {
                    numerator: a,
                    denominator: b,
                }
                | MetricKind::Difference { left: a, right: b },
            ) => {
                homes(model, &Measure::Metric(a.clone()), into);
                homes(model, &Measure::Metric(b.clone()), into);
            }
            _ => {}
        },
        Measure::Aggregate { field, .. } => into.push(field.dataset.clone()),
        Measure::Rows(dataset) => into.push(dataset.clone()),
        Measure::Ratio {
            numerator: a,
            denominator: b,
        }
        | Measure::Difference { left: a, right: b } => {
            homes(model, a, into);
            homes(model, b, into);
        }
        Measure::Where { measure, .. } | Measure::PerGroup { measure, .. } => {
            homes(model, measure, into);
        }
        Measure::CountOf(_) => {}
        _ => unreachable!("no part of a generated query"),
    }
}

impl QueryGenerator<'_> {
    fn any_dataset(&mut self) -> String {
        // The last tables look up the others and have most rows.
        let n = self.model.datasets.len();
        let i = if self.random.chance(60) {
            n - 1 - self.random.below(n.min(2))
        } else {
            self.random.below(n)
        };
        self.model.datasets[i].name.clone()
    }

    /// Fields that all of some datasets reach, with the way's name where it is needed.
    fn reachable(&mut self, homes: &[String], fits: impl Fn(&Field) -> bool) -> Vec<FieldRef> {
        let bridges = self.random.chance(25);
        let anything = self.random.chance(3);
        let mut found = Vec::new();
        for dataset in &self.model.datasets {
            let mut refs = vec![None];
            refs.extend(
                self.model
                    .relationships
                    .iter()
                    .filter(|r| r.to == dataset.name)
                    .map(|r| Some(r.name.clone())),
            );
            for via in refs {
                let probe = FieldRef {
                    dataset: dataset.name.clone(),
                    field: String::new(),
                    via,
                };
                let fine = anything
                    || homes.iter().all(|h| match reach(self.model, h, &probe) {
                        Ok(Reach::Direct(_)) => true,
                        Ok(Reach::Linked(..)) => bridges,
                        Err(_) => false,
                    });
                if !fine {
                    continue;
                }
                for field in dataset.fields.iter().filter(|f| fits(f)) {
                    found.push(FieldRef {
                        field: field.name.clone(),
                        ..probe.clone()
                    });
                }
            }
        }
        found
    }

    fn aggregate(&mut self, dataset: &str) -> Measure {
        let fields: Vec<Field> = self
            .model
            .dataset(dataset)
            .map_or(Vec::new(), |d| d.fields.clone());
        let additive: Vec<&Field> = fields
            .iter()
            .filter(|f| f.role == Role::Measure && f.additivity == Additivity::Additive)
            .collect();
        let numbers: Vec<&Field> = fields
            .iter()
            .filter(|f| f.role == Role::Measure && f.data_type.is_numeric())
            .collect();
        let (aggregation, name) = match self.random.below(10) {
            0..4 if !additive.is_empty() => {
                (Aggregation::Sum, self.random.pick(&additive).name.clone())
            }
            4..8 if !numbers.is_empty() => (
                *self.random.pick(&[
                    Aggregation::Average,
                    Aggregation::Average,
                    Aggregation::Median,
                    Aggregation::Min,
                    Aggregation::Max,
                    Aggregation::Percentile(25),
                    Aggregation::Percentile(90),
                    Aggregation::StandardDeviation,
                    Aggregation::Variance,
                ]),
                self.random.pick(&numbers).name.clone(),
            ),
            8 => {
                // Anything of anything, also what makes no sense.
                let field = self.random.pick(&fields).clone();
                let how = *self.random.pick(&[
                    Aggregation::Sum,
                    Aggregation::Average,
                    Aggregation::Count,
                    Aggregation::Count,
                    Aggregation::Min,
                    Aggregation::Max,
                ]);
                if field.data_type == DataType::Boolean {
                    (Aggregation::Count, field.name)
                } else {
                    (how, field.name)
                }
            }
            _ => (
                *self
                    .random
                    .pick(&[Aggregation::CountDistinct, Aggregation::Count]),
                self.random.pick(&fields).name.clone(),
            ),
        };
        Measure::Aggregate {
            aggregation,
            field: FieldRef::new(dataset, name),
        }
    }

    /// A measure; `near` names datasets that it should be of.
    fn measure(&mut self, depth: usize, near: &[String]) -> Measure {
        let dataset = match self.random.pick_from(near) {
            Some(d) if self.random.chance(75) => d,
            _ => self.any_dataset(),
        };
        let roll = self.random.below(100);
        match roll {
            0..38 => {
                let metrics: Vec<String> = self
                    .model
                    .metrics
                    .iter()
                    .filter(|m| {
                        near.is_empty() || {
                            let mut found = Vec::new();
                            homes(self.model, &Measure::Metric(m.name.clone()), &mut found);
                            found.iter().all(|h| near.contains(h))
                        }
                    })
                    .map(|m| m.name.clone())
                    .collect();
                match self.random.pick_from(&metrics) {
                    Some(name) if !self.random.chance(1) => Measure::Metric(name),
                    _ => {
                        let all: Vec<String> =
                            self.model.metrics.iter().map(|m| m.name.clone()).collect();
                        if self.random.chance(2) {
                            Measure::Metric("nothing_like_it".into())
                        } else {
                            Measure::Metric(self.random.pick(&all).clone())
                        }
                    }
                }
            }
            38..60 => self.aggregate(&dataset),
            60..70 => Measure::Rows(dataset),
            _ if depth == 0 => Measure::Rows(dataset),
            70..78 => Measure::Ratio {
                numerator: Box::new(self.number(depth - 1, near)),
                denominator: Box::new(self.number(depth - 1, near)),
            },
            78..84 => Measure::Difference {
                left: Box::new(self.number(depth - 1, near)),
                right: Box::new(self.number(depth - 1, near)),
            },
            84..92 => {
                let measure = self.measure(depth - 1, near);
                let mut places = Vec::new();
                homes(self.model, &measure, &mut places);
                let filter = self.filter(&places, 1);
                Measure::Where {
                    measure: Box::new(measure),
                    filter: Box::new(filter),
                }
            }
            _ => {
                let measure = self.number(depth - 1, near);
                let mut places = Vec::new();
                homes(self.model, &measure, &mut places);
                let per = self.dimension(&places, None);
                let aggregation = *self.random.pick(&[
                    Aggregation::Sum,
                    Aggregation::Average,
                    Aggregation::Average,
                    Aggregation::Min,
                    Aggregation::Max,
                    Aggregation::Median,
                    Aggregation::Count,
                ]);
                match per {
                    Some(per) => Measure::PerGroup {
                        aggregation,
                        measure: Box::new(measure),
                        per: vec![per],
                    },
                    None => measure,
                }
            }
        }
    }

    /// A measure whose values are numbers.
    fn number(&mut self, depth: usize, near: &[String]) -> Measure {
        for _ in 0..20 {
            let measure = self.measure(depth, near);
            if self.is_number(&measure) {
                return measure;
            }
        }
        Measure::Rows(self.model.datasets[0].name.clone())
    }

    fn is_number(&self, measure: &Measure) -> bool {
        match measure {
            Measure::Aggregate { aggregation, field } => {
                matches!(aggregation, Aggregation::Count | Aggregation::CountDistinct)
                    || self
                        .model
                        .field(field)
                        .is_some_and(|f| f.data_type.is_numeric() && f.role == Role::Measure)
            }
            Measure::Where { measure, .. } => self.is_number(measure),
            Measure::PerGroup {
                aggregation,
                measure,
                ..
            } => *aggregation == Aggregation::Count || self.is_number(measure),
            _ => true,
        }
    }

    fn dimension(&mut self, homes: &[String], time: Option<&FieldRef>) -> Option<Dimension> {
        let roll = self.random.below(100);
        if roll < 40 {
            let grain = self.grain();
            if self.random.chance(70) || homes.is_empty() {
                return Some(Dimension::Time(grain));
            }
            let fields = match time {
                Some(field) if self.random.chance(50) => vec![field.clone()],
                _ => self.reachable(homes, |f| f.data_type.is_temporal()),
            };
            return self
                .random
                .pick_from(&fields)
                .map(|field| Dimension::TimeOf { field, grain });
        }
        if roll < 46 {
            let keys = self.reachable(homes, |f| f.role == Role::Id);
            if let Some(per) = self.random.pick_from(&keys) {
                let measure = self.number(0, homes);
                return Some(Dimension::Bucket {
                    name: "size".into(),
                    measure: Box::new(measure),
                    per,
                });
            }
        }
        let anything = self.random.chance(15);
        let fields = self.reachable(homes, |f| {
            f.role == Role::Dimension || (anything && f.role != Role::Measure)
        });
        self.random.pick_from(&fields).map(Dimension::Field)
    }

    /// A period; of dates mostly none that is shorter than a day.
    fn grain(&mut self) -> Grain {
        let has_times = self
            .model
            .datasets
            .iter()
            .any(|d| d.fields.iter().any(|f| f.data_type == DataType::Timestamp));
        if !has_times && self.random.chance(90) {
            return *self.random.pick(&[Grain::Day, Grain::Month, Grain::Year]);
        }
        *self.random.pick(&[
            Grain::Day,
            Grain::Day,
            Grain::Week,
            Grain::Month,
            Grain::Month,
            Grain::Month,
            Grain::Quarter,
            Grain::Year,
            Grain::Hour,
            Grain::HourOfDay,
            Grain::Weekday,
            Grain::MonthOfYear,
            Grain::QuarterOfYear,
            Grain::WeekOfYear,
        ])
    }

    fn range(&mut self) -> DateRange {
        let (start, end) = match self.random.below(12) {
            0..4 => {
                let month = calendar::day(
                    2023 + self.random.below(3) as i64,
                    1 + self.random.below(12) as i64,
                    1,
                );
                let month = month.min(calendar::day(2025, 3, 1));
                let length = *self.random.pick(&[1, 1, 2, 3, 6, 12]);
                (Some(month), Some(calendar::add_months(month, length)))
            }
            4..6 => {
                let year = 2023 + self.random.below(3) as i64;
                (
                    Some(calendar::day(year, 1, 1)),
                    Some(calendar::day(year + 1, 1, 1)),
                )
            }
            6..9 => {
                let start = match self.random.below(3) {
                    0 => calendar::day(2024, 2, 20) + self.random.between(0, 12),
                    1 => calendar::day(2025, 2, 20) + self.random.between(0, 12),
                    _ => self.random.between(first_day(), last_day()),
                };
                (Some(start), Some(start + self.random.between(1, 27)))
            }
            9 => (Some(self.random.between(first_day(), last_day())), None),
            10 => (None, Some(self.random.between(first_day(), last_day()))),
            _ => (
                Some(calendar::day(2023, 1, 1)),
                Some(calendar::day(2025, 1, 1)),
            ),
        };
        DateRange {
            start: start.map(calendar::show_day),
            end: end.map(calendar::show_day),
            label: "then".into(),
        }
    }

    /// A value that the field has somewhere, or one that it might have.
    fn literal(&mut self, field: &FieldRef, kind: DataType) -> Literal {
        if self.random.chance(60)
            && let Some(Expression::Column(column)) = self.model.field(field).map(|f| &f.expression)
            && let Some(table) = self
                .model
                .dataset(&field.dataset)
                .and_then(|d| self.tables.get(&d.table[0]))
            && let Some(c) = table.column(column)
            && !table.rows.is_empty()
        {
            match &self.random.pick(&table.rows)[c] {
                Value::Null => {}
                Value::Bool(b) => return Literal::Bool(*b),
                Value::Exact { units, scale: 0 } => return Literal::Integer(*units as i64),
                Value::Text(t) => return Literal::Text(t.clone()),
                Value::Timestamp(s) => {
                    return Literal::Text(calendar::show_day(s.div_euclid(86_400)));
                }
                day @ Value::Date(_) => return Literal::Text(day.to_string()),
                number => return Literal::Number(number.as_f64().unwrap_or(0.0)),
            }
        }
        self.invented(kind)
    }

    fn invented(&mut self, kind: DataType) -> Literal {
        match kind {
            DataType::Integer => Literal::Integer(self.random.between(-1, 8)),
            DataType::Decimal | DataType::Float => match self.random.below(3) {
                0 => Literal::Integer(*self.random.pick(&[0, 5, 10, 100])),
                _ => Literal::Number(*self.random.pick(&[0.5, 5.0, 10.5, 19.95, 0.07, 99.99])),
            },
            DataType::Date | DataType::Timestamp => {
                let near = self.random.chance(50);
                Literal::Text(calendar::show_day(if near {
                    calendar::day(2024, 2, 26) + self.random.between(0, 6)
                } else {
                    self.random.between(first_day(), last_day())
                }))
            }
            DataType::Boolean => Literal::Bool(self.random.chance(50)),
            DataType::Text | DataType::Opaque => Literal::Text(if self.random.chance(80) {
                (*self.random.pick(&WORDS)).to_string()
            } else {
                format!("k{}", self.random.below(5))
            }),
        }
    }

    fn filter(&mut self, homes: &[String], depth: usize) -> Filter {
        let roll = self.random.below(100);
        if depth > 0 && roll < 30 {
            let n = 2 + self.random.below(2);
            let all: Vec<Filter> = (0..n).map(|_| self.filter(homes, depth - 1)).collect();
            return match roll % 3 {
                0 => Filter::And(all),
                1 => Filter::Or(all),
                _ => Filter::Not(Box::new(self.filter(homes, depth - 1))),
            };
        }
        let fields = self.reachable(homes, |f| f.data_type != DataType::Opaque);
        let Some(field) = self.random.pick_from(&fields) else {
            return Filter::IsNull {
                field: FieldRef::new(self.model.datasets[0].name.clone(), "kind"),
            };
        };
        let kind = self
            .model
            .field(&field)
            .map_or(DataType::Text, |f| f.data_type);
        match self.random.below(20) {
            0 => Filter::IsNull { field },
            2..5 => {
                let n = 1 + self.random.below(3);
                Filter::In {
                    values: (0..n).map(|_| self.literal(&field, kind)).collect(),
                    field,
                }
            }
            5..8 if kind == DataType::Text => Filter::Contains {
                field,
                text: (*self.random.pick(&["af", "TEA", "é", "%", "_", "'", ""])).to_string(),
            },
            8 | 9 => {
                let others: Vec<FieldRef> = fields
                    .iter()
                    .filter(|f| {
                        self.model.field(f).map(|f| f.data_type) == Some(kind)
                            && f.dataset == field.dataset
                            && f.via == field.via
                    })
                    .cloned()
                    .collect();
                let right = self.random.pick_from(&others).unwrap_or(field.clone());
                Filter::CompareFields {
                    op: *self.random.pick(&OPERATORS),
                    left: field,
                    right,
                }
            }
            10 | 11 if !self.nested => {
                let query = self.member_query(&field);
                Filter::Members {
                    field,
                    query: Box::new(query),
                }
            }
            17 | 18 if kind.is_numeric() && !self.nested => {
                let query = self.scalar(homes);
                Filter::CompareQuery {
                    field,
                    op: *self.random.pick(&OPERATORS),
                    query: Box::new(query),
                }
            }
            12..15 if kind.is_temporal() => Filter::During {
                field,
                range: self.range(),
            },
            15..17 if kind.is_temporal() => {
                let (grain, values) = match self.random.below(4) {
                    0 => (
                        Grain::Weekday,
                        vec![Literal::Text(
                            (*self.random.pick(&calendar::WEEKDAYS)).to_string(),
                        )],
                    ),
                    1 => (
                        Grain::MonthOfYear,
                        vec![Literal::Integer(2), Literal::Integer(12)],
                    ),
                    2 => (Grain::QuarterOfYear, vec![Literal::Integer(1)]),
                    _ => (
                        Grain::HourOfDay,
                        vec![Literal::Integer(0), Literal::Integer(23)],
                    ),
                };
                Filter::Cycle {
                    field,
                    grain,
                    values,
                }
            }
            _ => Filter::Compare {
                op: if kind == DataType::Boolean {
                    *self.random.pick(&[Operator::Eq, Operator::Ne])
                } else {
                    *self.random.pick(&OPERATORS)
                },
                value: self.literal(&field, kind),
                field,
            },
        }
    }

    /// "… who": a query whose first column is the field.
    fn member_query(&mut self, field: &FieldRef) -> Query {
        let own = FieldRef::new(field.dataset.clone(), field.field.clone());
        let mut inner = QueryGenerator {
            model: self.model,
            tables: self.tables,
            random: self.random,
            nested: true,
        };
        if inner.random.chance(35) {
            return Query {
                rows: Some(RowsOf {
                    dataset: field.dataset.clone(),
                    fields: vec![own],
                    distinct: inner.random.chance(50),
                    rank: None,
                }),
                filter: Some(inner.filter(std::slice::from_ref(&field.dataset), 1)),
                ..Query::default()
            };
        }
        // A measure of a dataset that reaches the field.
        let near: Vec<String> = inner
            .model
            .datasets
            .iter()
            .filter(|d| matches!(reach(inner.model, &d.name, &own), Ok(Reach::Direct(_))))
            .map(|d| d.name.clone())
            .collect();
        let mut query = Query {
            metrics: vec![Term {
                name: "n".into(),
                measure: inner.number(1, &near),
            }],
            dimensions: vec![Dimension::Field(own)],
            ..Query::default()
        };
        match inner.random.below(4) {
            0 => {
                query.having = vec![Having {
                    metric: 0,
                    on: Part::Value,
                    op: *inner.random.pick(&OPERATORS),
                    value: Threshold::Number(2.0),
                    or: Vec::new(),
                }];
            }
            1 => {
                query.having = vec![Having {
                    metric: 0,
                    on: Part::Value,
                    op: Operator::Gt,
                    value: Threshold::AverageOfGroups,
                    or: Vec::new(),
                }];
            }
            2 => {
                query.rank = Some(Rank::new(0, Part::Value, Direction::Descending, 2));
            }
            _ => {}
        }
        query
    }

    fn rows_query(&mut self) -> Query {
        let dataset = self.any_dataset();
        let home = [dataset.clone()];
        let n = 1 + self.random.below(4);
        let mut fields: Vec<FieldRef> = Vec::new();
        for _ in 0..n {
            let all = self.reachable(&home, |f| f.data_type != DataType::Opaque);
            let all: Vec<FieldRef> = all.into_iter().filter(|f| !fields.contains(f)).collect();
            fields.extend(self.random.pick_from(&all));
        }
        let distinct = self.random.chance(30);
        let mut order = Vec::new();
        if self.random.chance(50) {
            let all = if distinct && self.random.chance(90) {
                fields.clone()
            } else {
                self.reachable(&home, |f| f.data_type != DataType::Opaque)
            };
            if let Some(field) = self.random.pick_from(&all) {
                order.push(Order {
                    key: OrderKey::Field(field),
                    direction: self.direction(),
                });
            }
        }
        let rank = if self.random.chance(25) {
            let all = self.reachable(&home, |f| {
                f.data_type.is_numeric() || f.data_type.is_temporal()
            });
            let groups = self.reachable(&home, |f| f.role == Role::Dimension);
            self.random.pick_from(&all).map(|by| RowRank {
                by,
                direction: self.direction(),
                n: self.random.between(1, 3) as u32,
                skip: self.skip(),
                ties: self.ties(),
                per: if self.random.chance(40) {
                    self.random.pick_from(&groups).into_iter().collect()
                } else {
                    Vec::new()
                },
            })
        } else {
            None
        };
        Query {
            rows: Some(RowsOf {
                dataset: dataset.clone(),
                fields,
                distinct,
                rank,
            }),
            filter: self.random.chance(60).then(|| self.filter(&home, 2)),
            time: self.time(&home, 25),
            order,
            limit: self
                .random
                .chance(30)
                .then(|| self.random.between(1, 6) as u32),
            ..Query::default()
        }
    }

    fn skip(&mut self) -> u32 {
        if self.random.chance(22) {
            self.random.between(1, 2) as u32
        } else {
            0
        }
    }

    fn ties(&mut self) -> Ties {
        if self.random.chance(30) {
            Ties::Break
        } else {
            Ties::Keep
        }
    }

    fn direction(&mut self) -> Direction {
        *self
            .random
            .pick(&[Direction::Ascending, Direction::Descending])
    }

    fn time(&mut self, homes: &[String], percent: usize) -> Option<TimeScope> {
        if !self.random.chance(percent) {
            return None;
        }
        let fields = self.reachable(&homes[..homes.len().min(1)], |f| f.data_type.is_temporal());
        let field = self.random.pick_from(&fields)?;
        Some(TimeScope {
            field,
            range: self.random.chance(85).then(|| self.range()),
            calendar: None,
        })
    }

    fn distinct_query(&mut self) -> Query {
        let home = [self.any_dataset()];
        let mut dimensions = Vec::new();
        for _ in 0..1 + self.random.below(2) {
            let fields = self.reachable(&home, |f| f.role == Role::Dimension);
            if let Some(field) = self.random.pick_from(&fields) {
                let d = Dimension::Field(field);
                if !dimensions.contains(&d) {
                    dimensions.push(d);
                }
            }
        }
        Query {
            dimensions,
            filter: self.random.chance(25).then(|| self.filter(&home, 1)),
            limit: self.random.chance(20).then_some(3),
            ..Query::default()
        }
    }

    pub(crate) fn query(&mut self) -> Query {
        match self.random.below(100) {
            0..9 => return self.rows_query(),
            9..12 => return self.distinct_query(),
            12..15 => return self.sets_query(),
            15..17 => {
                self.nested = true;
                let inner = match self.random.below(3) {
                    0 => self.rows_query(),
                    1 => self.distinct_query(),
                    _ => self.measured(),
                };
                self.nested = false;
                return Query {
                    metrics: vec![Term {
                        name: "how many".into(),
                        measure: Measure::CountOf(Box::new(inner)),
                    }],
                    ..Query::default()
                };
            }
            _ => {}
        }
        self.measured()
    }

    fn measured(&mut self) -> Query {
        let first = self.measure(2, &[]);
        let mut places = Vec::new();
        homes(self.model, &first, &mut places);
        let mut measures = vec![first];
        // Others of the same rows, or of another fact that shares something.
        for _ in 0..*self.random.pick(&[0, 0, 1, 1, 2]) {
            let near: Vec<String> = if self.random.chance(50) {
                places.clone()
            } else {
                Vec::new()
            };
            let measure = self.measure(1, &near);
            homes(self.model, &measure, &mut places);
            measures.push(measure);
        }
        places.sort();
        places.dedup();
        let time = self.time(&places, 58);
        let mut dimensions: Vec<Dimension> = Vec::new();
        for _ in 0..*self.random.pick(&[0, 1, 1, 1, 2, 2, 3]) {
            if let Some(d) = self.dimension(&places, time.as_ref().map(|t| &t.field))
                && !dimensions.contains(&d)
                && !(matches!(d, Dimension::Bucket { .. })
                    && dimensions
                        .iter()
                        .any(|d| matches!(d, Dimension::Bucket { .. })))
            {
                dimensions.push(d);
            }
        }
        let mut query = Query {
            metrics: measures
                .into_iter()
                .enumerate()
                .map(|(i, measure)| Term {
                    name: format!("value {i}"),
                    measure,
                })
                .collect(),
            dimensions,
            time,
            ..Query::default()
        };
        if self.random.chance(45) {
            query.filter = Some(self.filter(&places, 2));
        }
        let numbers = query.metrics.iter().all(|t| self.is_number(&t.measure));
        if numbers {
            self.compare(&mut query);
        }
        if numbers && self.random.chance(14) {
            query.share = Some(Share {
                within: self.indexes(query.dimensions.len()),
                unfiltered: self.random.chance(40),
            });
        }
        let running = query.dimensions.iter().any(|d| {
            matches!(d, Dimension::Time(g) | Dimension::TimeOf { grain: g, .. } if !g.is_cyclic())
        });
        let bucket = query
            .dimensions
            .iter()
            .any(|d| matches!(d, Dimension::Bucket { .. }));
        if numbers
            && !bucket
            && query.compare.is_none()
            && self.random.chance(if running { 40 } else { 1 })
        {
            query.cumulative = self.random.chance(60);
            // Buckets of one field and a range of another are no trailing window.
            let stated = query
                .dimensions
                .iter()
                .any(|d| matches!(d, Dimension::TimeOf { grain, .. } if !grain.is_cyclic()))
                && self.model.metrics.iter().any(|m| m.time_field.is_some());
            if !stated && (!query.cumulative || self.random.chance(40)) {
                query.rolling = Some(self.random.between(1, 4) as u32);
            }
        }
        self.finish(&mut query);
        query
    }

    fn having(&mut self, query: &Query, numbers: &[usize], shown: &[Part], depth: usize) -> Having {
        let metric = *self.random.pick(numbers);
        let other = *self.random.pick(numbers);
        let value = match self.random.below(10) {
            0..3 => Threshold::Number(*self.random.pick(&[0.0, 1.0, 2.0, 10.5, 0.25])),
            3 => Threshold::AverageOfGroups,
            4 => Threshold::AverageWithin(self.indexes(query.dimensions.len())),
            5 => Threshold::MedianOfGroups,
            6 => Threshold::Metric(other),
            7 => Threshold::Part(other, *self.random.pick(shown)),
            8 if !self.nested => Threshold::Query(Box::new(self.scalar(&[]))),
            _ => Threshold::Times(
                *self.random.pick(&[0.5, 1.5, 2.0]),
                Box::new(if self.random.chance(50) {
                    Threshold::AverageOfGroups
                } else {
                    Threshold::Part(other, *self.random.pick(shown))
                }),
            ),
        };
        Having {
            metric,
            on: *self.random.pick(shown),
            op: *self.random.pick(&OPERATORS),
            value,
            or: if depth > 0 && self.random.chance(20) {
                vec![self.having(query, numbers, shown, depth - 1)]
            } else {
                Vec::new()
            },
        }
    }

    /// A query that gives one number.
    fn scalar(&mut self, near: &[String]) -> Query {
        let mut inner = QueryGenerator {
            model: self.model,
            tables: self.tables,
            random: self.random,
            nested: true,
        };
        let measure = inner.number(1, near);
        let mut places = Vec::new();
        homes(inner.model, &measure, &mut places);
        Query {
            metrics: vec![Term {
                name: "one".into(),
                measure,
            }],
            filter: inner.random.chance(40).then(|| inner.filter(&places, 0)),
            ..Query::default()
        }
    }

    /// Members of two or three queries, put together.
    fn sets_query(&mut self) -> Query {
        let home = [self.any_dataset()];
        let fields = self.reachable(&home, |f| f.role == Role::Dimension);
        let Some(field) = self.random.pick_from(&fields) else {
            return self.distinct_query();
        };
        let was = std::mem::replace(&mut self.nested, true);
        let operation = *self.random.pick(&[
            SetOperation::Union,
            SetOperation::Intersect,
            SetOperation::Except,
        ]);
        let queries = (0..*self.random.pick(&[2, 2, 3]))
            .map(|_| {
                let mut query = self.member_query(&field);
                if query.rows.is_none() && self.random.chance(50) {
                    query.filter = Some(self.filter(&home, 1));
                }
                query
            })
            .collect();
        self.nested = was;
        Query {
            sets: Some(Sets { operation, queries }),
            order: if self.random.chance(30) {
                vec![Order {
                    key: OrderKey::Dimension(0),
                    direction: self.direction(),
                }]
            } else {
                Vec::new()
            },
            limit: self.random.chance(20).then_some(2),
            ..Query::default()
        }
    }

    fn indexes(&mut self, n: usize) -> Vec<usize> {
        (0..n).filter(|_| self.random.chance(35)).collect()
    }

    fn compare(&mut self, query: &mut Query) {
        let running = query.dimensions.iter().any(|d| {
            matches!(d, Dimension::Time(g) | Dimension::TimeOf { grain: g, .. } if !g.is_cyclic())
        });
        let whole = query
            .time
            .as_ref()
            .and_then(|t| t.range.as_ref())
            .is_some_and(|r| r.start.is_some() && r.end.is_some());
        if !(whole || running && query.time.is_some()) || !self.random.chance(55) {
            return;
        }
        let to = match self.random.below(5) {
            0 | 1 => CompareTo::PriorPeriod,
            2 | 3 => CompareTo::PriorYear,
            _ => CompareTo::Range(self.range()),
        };
        let to_date = self.random.chance(60);
        let mut show: Vec<Part> = [Part::Value, Part::Prior, Part::Delta, Part::Pct]
            .into_iter()
            .filter(|_| self.random.chance(80))
            .collect();
        if show.is_empty() {
            show.push(Part::Delta);
        }
        let watermark = match query.time.as_ref().and_then(|t| t.range.as_ref()) {
            Some(DateRange {
                start: Some(start),
                end: Some(end),
                ..
            }) if self.random.chance(75) => {
                let (start, end) = (
                    calendar::parse_day(start).unwrap_or(0),
                    calendar::parse_day(end).unwrap_or(0),
                );
                self.random.between(start, end)
            }
            _ => match self.random.below(3) {
                0 => calendar::day(2024, 2, 27) + self.random.between(0, 3),
                1 => calendar::day(2024, 3, 29) + self.random.between(0, 3),
                _ => self.random.between(calendar::day(2024, 1, 1), last_day()),
            },
        };
        query.compare = Some(Compare {
            to,
            align: if to_date { Align::ToDate } else { Align::Full },
            watermark: to_date.then(|| calendar::show_day(watermark)),
            event: None,
            comparable: None,
            show,
        });
    }

    fn finish(&mut self, query: &mut Query) {
        let mut shown = match &query.compare {
            Some(c) => c.show.clone(),
            None => vec![Part::Value],
        };
        if query.share.is_some() {
            shown.push(Part::Share);
        }
        if query.cumulative {
            shown.push(Part::Cumulative);
        }
        if query.rolling.is_some() {
            shown.push(Part::Rolling);
        }
        let numbers: Vec<usize> = (0..query.metrics.len())
            .filter(|m| self.is_number(&query.metrics[*m].measure))
            .collect();
        if !numbers.is_empty() && self.random.chance(18) {
            for _ in 0..*self.random.pick(&[1, 1, 1, 2]) {
                let having = self.having(query, &numbers, &shown, 1);
                query.having.push(having);
            }
        }
        if !query.dimensions.is_empty()
            && self.random.chance(26)
            && let Some(by) = self.random.pick_from(&numbers)
        {
            let percent = self.random.chance(15);
            query.rank = Some(Rank {
                by: if self.random.chance(2) { 7 } else { by },
                on: *self.random.pick(&shown),
                direction: self.direction(),
                n: if percent {
                    *self.random.pick(&[10, 25, 50, 100])
                } else {
                    self.random.between(1, 4) as u32
                },
                skip: self.skip(),
                per: self.indexes(query.dimensions.len()),
                ties: self.ties(),
                percent,
                other: self.random.chance(30).then(|| "Other".to_string()),
            });
        }
        if self.random.chance(25) {
            let metric = self.random.below(query.metrics.len());
            let key = if self.random.chance(50) && !query.dimensions.is_empty() {
                OrderKey::Dimension(self.random.below(query.dimensions.len()))
            } else {
                OrderKey::Metric(metric, *self.random.pick(&shown))
            };
            query.order.push(Order {
                key,
                direction: self.direction(),
            });
        }
        if self.random.chance(12) {
            query.limit = Some(self.random.between(1, 5) as u32);
        }
    }
}
