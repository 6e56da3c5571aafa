//! Things that are numbers: metrics, measure fields, counts of entities; and what a name groups by.

use super::*;

impl Reader<'_> {
    pub(super) fn number_of(
        &self,
        named: &Named,
        aggregation: Option<Aggregation>,
    ) -> Option<Number> {
        match named {
            Named::Metric(name) => {
                let metric = self.model().metric(name)?;
                let counts = matches!(metric.unit, Unit::Count(_))
                    && matches!(
                        metric.kind,
                        MetricKind::Simple {
                            aggregation: Aggregation::Count | Aggregation::CountDistinct,
                            ..
                        }
                    );
                if counts
                    && matches!(
                        aggregation,
                        Some(Aggregation::Average | Aggregation::Median)
                    )
                {
                    return None;
                }
                // "total order value", "share of order value": what the orders came to together.
                if (aggregation == Some(Aggregation::Sum) || self.any(Mark::Share))
                    && let Some(whole) = self.divided_money(name)
                {
                    return self.number_of(&Named::Metric(whole), None);
                }
                if let Some(spread) = self.over_orders(name, aggregation) {
                    return Some(spread);
                }
                // A ratio of sums has no median and no extreme.
                if let Some(how @ (Aggregation::Median | Aggregation::Max | Aggregation::Min)) =
                    aggregation
                    && matches!(metric.kind, MetricKind::Ratio { .. })
                {
                    return self.rate_as_stated(&metric.label, how);
                }
                if aggregation == Some(Aggregation::Median)
                    && !matches!(metric.kind, MetricKind::Simple { .. })
                {
                    return None;
                }
                let field = match &metric.kind {
                    MetricKind::Simple {
                        dataset,
                        expression: Some(semantics::Expression::Field(field)),
                        ..
                    } => Some(FieldRef::new(dataset, field)),
                    MetricKind::Simple {
                        dataset,
                        expression: Some(semantics::Expression::Column(column)),
                        ..
                    } => {
                        let found = self.model().dataset(dataset)?.fields.iter().find(|f| {
                            f.expression == semantics::Expression::Column(column.clone())
                        })?;
                        Some(FieldRef::new(dataset, &found.name))
                    }
                    _ => None,
                };
                if field.is_none()
                    && let Some(how) = aggregation.filter(|h| *h != Aggregation::Sum)
                    && let MetricKind::Simple { dataset, .. } = &metric.kind
                    && !counts
                {
                    return self.spread_of_formula(name, how, dataset);
                }
                let measure = match (aggregation, &field) {
                    (
                        Some(
                            how @ (Aggregation::Average
                            | Aggregation::Max
                            | Aggregation::Min
                            | Aggregation::Median),
                        ),
                        Some(field),
                    ) => Measure::Aggregate {
                        aggregation: how,
                        field: field.clone(),
                    },
                    _ => Measure::Metric(name.clone()),
                };
                let label = match (&measure, aggregation) {
                    (Measure::Aggregate { aggregation, .. }, _) => format!(
                        "{} {}",
                        aggregation_word(*aggregation),
                        metric.label.to_lowercase()
                    ),
                    _ => metric.label.clone(),
                };
                Some(Number {
                    name: label,
                    measure,
                    field,
                })
            }
            Named::Field(reference) => {
                let field = self.model().field(reference)?;
                if field.role != Role::Measure {
                    return None;
                }
                let how = aggregation.unwrap_or(match field.additivity {
                    Additivity::Non => Aggregation::Average,
                    _ => Aggregation::Sum,
                });
                let how = if how == Aggregation::Sum && field.additivity == Additivity::Non {
                    Aggregation::Average
                } else {
                    how
                };
                Some(Number {
                    name: format!("{} {}", aggregation_word(how), field.label.to_lowercase()),
                    measure: Measure::Aggregate {
                        aggregation: how,
                        field: reference.clone(),
                    },
                    field: Some(reference.clone()),
                })
            }
            Named::Entity(_) => None,
        }
    }

    /// "average sales" of a formula over columns: what an order comes to where there are orders, else
    /// what a row comes to. Other spreads of a formula are not computed.
    fn spread_of_formula(&self, name: &str, how: Aggregation, dataset: &str) -> Option<Number> {
        if how != Aggregation::Average {
            return None;
        }
        let model = self.model();
        let per_order = model.metrics.iter().find(|m| {
            matches!(&m.kind, MetricKind::Ratio { numerator, denominator, .. }
                if numerator == name
                    && model.metric(denominator).is_some_and(|d| matches!(d.unit, Unit::Count(_))))
        });
        if let Some(metric) = per_order {
            return Some(Number {
                name: metric.label.clone(),
                measure: Measure::Metric(metric.name.clone()),
                field: None,
            });
        }
        let label = &model.metric(name)?.label;
        Some(Number {
            name: format!("Average {} per row", label.to_lowercase()),
            measure: Measure::Ratio {
                numerator: Box::new(Measure::Metric(name.to_string())),
                denominator: Box::new(Measure::Rows(dataset.to_string())),
            },
            field: None,
        })
    }

    /// The money that is divided by a count in a metric such as an average order value.
    fn divided_money(&self, name: &str) -> Option<String> {
        let model = self.model();
        let metric = model.metric(name)?;
        let MetricKind::Ratio {
            numerator,
            denominator,
            ..
        } = &metric.kind
        else {
            return None;
        };
        let averaged = self.scene.tokens.iter().any(|t| {
            matches!(
                t.folded.as_str(),
                "average" | "avg" | "mean" | "typical" | "aov" | "per"
            )
        });
        let counts = matches!(model.metric(denominator)?.unit, Unit::Count(_));
        let money = matches!(model.metric(numerator)?.unit, Unit::Money(_));
        (counts && money && !averaged).then(|| numerator.clone())
    }

    /// "median operating margin", "lowest margin" where each row states its margin: of what is stated.
    pub(super) fn rate_as_stated(&self, label: &str, how: Aggregation) -> Option<Number> {
        let word = label.rsplit(' ').next()?.to_lowercase();
        let mut stated = self.model().datasets.iter().flat_map(|d| {
            d.fields
                .iter()
                .filter(|f| f.role == Role::Measure && f.additivity == Additivity::Non)
                .filter(|f| f.name.split('_').any(|w| w == word))
                .map(|f| (FieldRef::new(&d.name, &f.name), f.label.to_lowercase()))
        });
        let (field, label) = stated.next()?;
        stated.next().is_none().then(|| Number {
            name: format!("{} {label}", aggregation_word(how)),
            measure: Measure::Aggregate {
                aggregation: how,
                field: field.clone(),
            },
            field: Some(field),
        })
    }

    /// "median order value", "highest basket value": the number of each order, then over the orders.
    pub(super) fn over_orders(&self, name: &str, how: Option<Aggregation>) -> Option<Number> {
        let how = how.filter(|h| !matches!(h, Aggregation::Sum | Aggregation::Average))?;
        let MetricKind::Ratio {
            numerator,
            denominator,
            ..
        } = &self.model().metric(name)?.kind
        else {
            return None;
        };
        let (above, below) = (
            self.model().metric(numerator)?,
            self.model().metric(denominator)?,
        );
        let key = match &below.kind {
            MetricKind::Simple {
                dataset,
                aggregation: Aggregation::Count,
                ..
            } => self
                .model()
                .entities
                .iter()
                .find(|e| e.dataset.as_ref() == Some(dataset))?
                .key
                .clone(),
            MetricKind::Simple {
                dataset,
                aggregation: Aggregation::CountDistinct,
                expression: Some(semantics::Expression::Field(field)),
                ..
            } => FieldRef::new(dataset, field),
            _ => return None,
        };
        let noun = self
            .model()
            .entities
            .iter()
            .find(|e| e.key.field == key.field)
            .map_or_else(|| key.field.replace('_', " "), |e| e.name.clone());
        Some(Number {
            name: format!(
                "{} {} per {noun}",
                aggregation_word(how),
                above.label.to_lowercase()
            ),
            measure: Measure::PerGroup {
                aggregation: how,
                measure: Box::new(Measure::Metric(numerator.clone())),
                per: vec![Dimension::Field(key)],
            },
            field: None,
        })
    }

    pub(super) fn count_of_entity(&self, entity: usize) -> NamedMeasure {
        if let Some(field) = self.own_column(entity) {
            return NamedMeasure {
                name: format!("Number of {}", plural(&self.model().entities[entity].name)),
                measure: Measure::Aggregate {
                    aggregation: Aggregation::CountDistinct,
                    field,
                },
                explicit: true,
            };
        }
        let entity = &self.model().entities[entity];
        let plural = plural(&entity.name);
        let by_metric = self.model().metrics.iter().find(|m| {
            m.unit == Unit::Count(plural.clone())
                && matches!(
                    m.kind,
                    MetricKind::Simple {
                        aggregation: Aggregation::Count | Aggregation::CountDistinct,
                        filter: None,
                        ..
                    }
                )
        });
        let measure = match (by_metric, &entity.dataset) {
            (_, Some(dataset)) => Measure::Rows(dataset.clone()),
            (Some(metric), None) => Measure::Metric(metric.name.clone()),
            (None, None) => Measure::Aggregate {
                aggregation: Aggregation::CountDistinct,
                field: entity.key.clone(),
            },
        };
        NamedMeasure {
            name: capitalised(&plural),
            measure,
            explicit: true,
        }
    }

    pub(super) fn metric_like(&self, basis: RankBasis) -> Option<NamedMeasure> {
        let model = self.model();
        let wanted: &[&str] = match basis {
            RankBasis::Revenue | RankBasis::Growth => {
                let name = model.default_metric.clone()?;
                let metric = model.metric(&name)?;
                return Some(NamedMeasure {
                    name: metric.label.clone(),
                    measure: Measure::Metric(name),
                    explicit: false,
                });
            }
            RankBasis::Units => &["units", "units_sold", "quantity"],
            RankBasis::Orders => &["orders", "transactions", "invoices", "order_count"],
            RankBasis::Profit => &["profit", "gross_profit", "margin_amount"],
            RankBasis::Price | RankBasis::Time => &[],
        };
        let named = wanted
            .iter()
            .find_map(|w| model.metric(w))
            .map(|m| NamedMeasure {
                name: m.label.clone(),
                measure: Measure::Metric(m.name.clone()),
                explicit: true,
            });
        match basis {
            // Where nothing says how many, each sale is one.
            RankBasis::Units => named.or_else(|| self.metric_like(RankBasis::Orders)),
            RankBasis::Orders => named.or_else(|| self.sales_rows()),
            _ => named,
        }
    }

    /// The rows of the sales, one a sale where the model knows no orders.
    pub(super) fn sales_rows(&self) -> Option<NamedMeasure> {
        let dataset = self.default_fact()?;
        let noun = &self.model().dataset(&dataset)?.entity;
        let noun = if noun.is_empty() { "row" } else { noun };
        Some(NamedMeasure {
            name: capitalised(&plural(noun)),
            measure: Measure::Rows(dataset),
            explicit: true,
        })
    }

    /// The field that a measure adds up over all rows, so that a metric and its column are one.
    pub(super) fn summed(&self, measure: &Measure) -> Option<FieldRef> {
        match measure {
            Measure::Aggregate {
                aggregation: Aggregation::Sum,
                field,
            } => Some(field.clone()),
            Measure::Metric(name) => self.model().summed_field(name),
            _ => None,
        }
    }

    pub(super) fn add_measure(&mut self, measure: NamedMeasure) -> usize {
        if let Some(at) = self.draft.measures.iter().position(|m| {
            m.measure == measure.measure
                || m.name == measure.name
                || self.summed(&m.measure).is_some()
                    && self.summed(&m.measure) == self.summed(&measure.measure)
        }) {
            return at;
        }
        self.draft.measures.push(measure);
        self.draft.measures.len() - 1
    }

    /// "the cities that employees live in": a noun that is a column of several tables means that of
    /// the one thing that is spoken of.
    fn own_column(&self, entity: usize) -> Option<FieldRef> {
        let model = self.model();
        let entity = &model.entities[entity];
        if entity.dataset.is_some() || entity.key != entity.display {
            return None;
        }
        let label = &model.field(&entity.display)?.label;
        let mut tables: Vec<&String> = self
            .nodes
            .iter()
            .filter_map(|n| match &n.node {
                Node::Named(Named::Entity(e)) => model.entities[*e].dataset.as_ref(),
                _ => None,
            })
            .collect();
        tables.sort();
        tables.dedup();
        let [table] = tables[..] else { return None };
        if *table == entity.display.dataset {
            return None;
        }
        model
            .dataset(table)?
            .fields
            .iter()
            .find(|f| f.label.eq_ignore_ascii_case(label))
            .map(|f| FieldRef::new(table, &f.name))
    }

    /// The field that a name groups by, and the entity behind it.
    pub(super) fn group_of(&self, named: &Named) -> Option<(FieldRef, Option<usize>)> {
        match named {
            Named::Entity(i) => match self.own_column(*i) {
                Some(own) => Some((own, None)),
                None => Some((self.model().entities[*i].display.clone(), Some(*i))),
            },
            Named::Field(field) => {
                let known = self.model().field(field)?;
                let entity = self
                    .model()
                    .entities
                    .iter()
                    .position(|e| e.display == *field || e.key == *field);
                (known.data_type != DataType::Opaque && known.role != Role::Measure)
                    .then(|| (field.clone(), entity))
            }
            Named::Metric(_) => None,
        }
    }

    pub(super) fn add_dimension(&mut self, dimension: Dimension) -> usize {
        if let Some(at) = self.draft.dimensions.iter().position(|d| *d == dimension) {
            return at;
        }
        self.draft.dimensions.push(dimension);
        self.draft.dimensions.len() - 1
    }
}
