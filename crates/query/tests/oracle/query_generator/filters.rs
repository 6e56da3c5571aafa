//! Conditions on rows, with values that the data has or might have.

use super::*;

impl QueryGenerator<'_> {
    /// A value that the field has somewhere, or one that it might have.
    pub(super) fn literal(&mut self, field: &FieldRef, kind: DataType) -> Literal {
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

    pub(super) fn invented(&mut self, kind: DataType) -> Literal {
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

    pub(super) fn filter(&mut self, homes: &[String], depth: usize) -> Filter {
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
            11..14 if kind.is_temporal() => Filter::During {
                field,
                range: self.range(),
            },
            14..20 if kind.is_temporal() => {
                let (grain, values) = match self.random.below(5) {
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
                    3 => (
                        Grain::WeekOfYear,
                        [1, 5, 9, 53].map(Literal::Integer).to_vec(),
                    ),
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
    pub(super) fn member_query(&mut self, field: &FieldRef) -> Query {
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
}
