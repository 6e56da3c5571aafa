//! What of a model and its data may be shown to a language model.
//!
//! The compiler is the judge: what it refuses to the reader is not shown. Where nobody in particular
//! asks, what any policy hides or masks is not shown.

use query::{Dialect, Dimension, Filter, Literal, Measure, Query, QueryError, Reader, Term};
use semantics::{FieldRef, Model, Policy, Role, Subject};

/// The group that stands for everyone, where nobody in particular asks.
const ANYONE: &str = "anyone";

/// What may be shown to a language model on behalf of one reader.
pub struct Visibility {
    model: Model,
    reader: Reader,
    /// Whether every row is visible.
    all_rows: bool,
    /// Whether values may be shown at all.
    values: bool,
}

impl Visibility {
    /// For a reader; for nobody in particular if absent. `send_values` says whether values of cells may
    /// leave the machine at all.
    pub fn new(model: &Model, reader: Option<&Reader>, send_values: bool) -> Visibility {
        let mut model = model.clone();
        let row_rules = model.policies.iter().any(|p| !p.rows.is_empty());
        let reader = match reader {
            Some(reader) => reader.clone(),
            None => {
                let of = |pick: fn(&Policy) -> &Vec<FieldRef>| {
                    model
                        .policies
                        .iter()
                        .flat_map(|p| pick(p).clone())
                        .collect()
                };
                let anyone = Policy {
                    group: ANYONE.into(),
                    rows: Vec::new(),
                    hidden_fields: of(|p| &p.hidden_fields),
                    masked_fields: of(|p| &p.masked_fields),
                    hidden_metrics: model
                        .policies
                        .iter()
                        .flat_map(|p| p.hidden_metrics.clone())
                        .collect(),
                };
                // Without a reader it is not known which rows may be seen.
                let values = send_values && !row_rules;
                model.policies = vec![anyone];
                return Visibility {
                    model,
                    reader: Reader {
                        groups: vec![ANYONE.into()],
                        ..Reader::default()
                    },
                    all_rows: true,
                    values,
                };
            }
        };
        Visibility {
            model,
            reader,
            all_rows: !row_rules,
            values: send_values,
        }
    }

    /// Whether the reader may see everything that a query reads.
    pub fn allows(&self, query: &Query) -> bool {
        let made = query::compile_for(&self.model, query, Dialect::DuckDb, &self.reader);
        !matches!(
            made,
            Err(QueryError::AccessDenied(_)
                | QueryError::UnknownField(_)
                | QueryError::UnknownMetric(_))
        )
    }

    /// Whether the field exists for the reader and its values may be seen by them.
    pub fn field(&self, field: &FieldRef) -> bool {
        self.allows(&Query {
            dimensions: vec![Dimension::Field(field.clone())],
            ..Query::default()
        })
    }

    /// Whether the metric exists for the reader, with everything that it is computed from.
    pub fn metric(&self, name: &str) -> bool {
        self.allows(&Query {
            metrics: vec![Term {
                name: name.to_string(),
                measure: Measure::Metric(name.to_string()),
            }],
            ..Query::default()
        })
    }

    /// Whether values of the field may be shown: values may leave the machine, the reader may see them,
    /// and they do not tell who a person is.
    pub fn values_of(&self, field: &FieldRef) -> bool {
        let Some(known) = self.model.field(field).filter(|_| self.values) else {
            return false;
        };
        let personal = known.values.as_ref().is_some_and(|v| v.pii)
            || known.role == Role::Text
            || matches!(
                known.subject,
                Subject::Address
                    | Subject::Email
                    | Subject::Phone
                    | Subject::FirstName
                    | Subject::LastName
                    | Subject::Customer
                    | Subject::Employee
            );
        !personal && self.field(field)
    }

    /// Whether values may be shown at all.
    pub fn shows_values(&self) -> bool {
        self.values
    }

    /// The query that finds which of some values the reader's rows hold; `None` where every row is
    /// visible, so that each value is.
    ///
    /// # Errors
    /// The compiler's refusal: none of them may be shown.
    pub fn present(
        &self,
        field: &FieldRef,
        values: &[String],
    ) -> Result<Option<query::CompiledQuery>, QueryError> {
        if self.all_rows {
            return Ok(None);
        }
        let query = Query {
            dimensions: vec![Dimension::Field(field.clone())],
            filter: Some(Filter::In {
                field: field.clone(),
                values: values.iter().cloned().map(Literal::Text).collect(),
            }),
            ..Query::default()
        };
        query::compile_for(&self.model, &query, Dialect::DuckDb, &self.reader).map(Some)
    }

    /// Who reads, as far as the policies of [`Visibility::model`] know.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The model whose things are asked about, with the policies that hold here.
    pub fn model(&self) -> &Model {
        &self.model
    }
}
