//! A model over loaded data: its tables and columns found by name, its keys proven.

use crate::complete::{Measured, complete};
use crate::infer::naming::{snake, words};
use crate::infer::prove_key_of;
use crate::reading::Reading;
use crate::sql::suggestion;
use crate::{
    ColumnProfile, DataType, Dataset, Evidence, Expression, Problem, Severity, SourceProfile,
    TableProfile,
};

impl Reading {
    /// The model over data: datasets take the loaded tables of their names, and what the text
    /// leaves open (types, keys, uniqueness, profiles) is measured.
    ///
    /// Names are compared without regard to case, and the last part of a table's name is enough:
    /// `main.orders` takes the table of `orders.csv`. What does not fit stands among the problems.
    pub fn bound(mut self, profile: &SourceProfile, evidence: &mut dyn Evidence) -> Reading {
        let mut measured = Measured {
            currency: profile
                .tables
                .iter()
                .flat_map(|t| &t.columns)
                .find_map(|c| c.currency.clone()),
            ..Measured::default()
        };
        let mut problems = Vec::new();
        let mut tables: Vec<Option<&TableProfile>> = Vec::new();
        for dataset in &mut self.model.datasets {
            let table = table_of(dataset, profile);
            if dataset.query.is_none() {
                match table {
                    Some(table) => {
                        dataset.table = table.table.clone();
                        columns(dataset, table, &mut problems);
                        measured.rows.insert(dataset.name.clone(), table.rows);
                        if dataset.remarks.is_empty() {
                            dataset.remarks = table.remarks.clone();
                        }
                        for field in &dataset.fields {
                            if let Some(column) = column_of(field, table) {
                                measured.columns.insert(
                                    (dataset.name.clone(), field.name.clone()),
                                    column.clone(),
                                );
                            }
                        }
                    }
                    None => problems.push(Problem::error(
                        "table_missing",
                        format!("datasets/{}/source", dataset.name),
                        format!(
                            "the data has no table `{}` for the dataset `{}`",
                            dataset.table.join("."),
                            dataset.name
                        ),
                        suggestion(
                            dataset.table.last().map_or("", String::as_str),
                            profile.tables.iter().map(|t| t.name.as_str()),
                        ),
                    )),
                }
            }
            tables.push(table.filter(|_| dataset.query.is_none()));
        }
        self.types(&measured, &mut problems);
        self.keys(&tables, evidence, &mut problems);
        self.links(&tables, evidence, &mut problems);
        self.places.locate(&mut problems);
        self.problems.extend(problems);
        complete(&mut self.model, &self.gaps, Some(&measured));
        self.gaps = crate::gaps::Gaps::default();
        self
    }

    /// Types that the text states and the data contradicts.
    fn types(&mut self, measured: &Measured, problems: &mut Vec<Problem>) {
        for dataset in &mut self.model.datasets {
            for field in &mut dataset.fields {
                let key = (dataset.name.clone(), field.name.clone());
                let Some(column) = measured.columns.get(&key) else {
                    continue;
                };
                if self.gaps.fields.get(&key).is_some_and(|g| g.data_type)
                    || field.data_type == column.data_type
                    || field.data_type == DataType::Opaque
                {
                    continue;
                }
                // An empty column has whatever type it is given.
                let empty = column.distinct == 0;
                let (stated, found) = (field.data_type, column.data_type);
                let fits = stated.is_numeric() && found.is_numeric()
                    || stated.is_temporal() && found.is_temporal()
                    || stated == DataType::Text
                    || empty;
                if !fits {
                    problems.push(Problem::error(
                        "type_mismatch",
                        format!("fields/{}/{}", key.0, key.1),
                        format!(
                            "`{}` is said to be {}, but the column `{}` holds {}",
                            field.name,
                            type_word(stated),
                            column.name,
                            type_word(found)
                        ),
                        "state the type of the column, or clean the column",
                    ));
                }
                field.data_type = found;
            }
        }
    }

    /// Keys: those that are stated are checked, others are looked for.
    fn keys(
        &mut self,
        tables: &[Option<&TableProfile>],
        evidence: &mut dyn Evidence,
        problems: &mut Vec<Problem>,
    ) {
        for (dataset, table) in self.model.datasets.iter_mut().zip(tables) {
            let Some(table) = table.filter(|t| t.rows > 0) else {
                continue;
            };
            let stated = std::iter::once(&dataset.primary_key).chain(&dataset.unique_keys);
            for key in stated.filter(|k| !k.is_empty()) {
                if unique(dataset, key, table, evidence) == Some(false) {
                    problems.push(Problem::error(
                        "key_not_unique",
                        format!("datasets/{}/primary_key", dataset.name),
                        format!(
                            "{} is a key of `{}`, but its values repeat or are missing in the data",
                            key.join(", "),
                            dataset.name
                        ),
                        "name the fields that tell all rows apart, or remove the repeated rows",
                    ));
                }
            }
            let open = self
                .gaps
                .datasets
                .get(&dataset.name)
                .is_some_and(|g| g.primary_key);
            if open && dataset.primary_key.is_empty() && dataset.unique_keys.is_empty() {
                let proven = prove_key_of(table, evidence);
                let fields: Option<Vec<String>> = proven
                    .iter()
                    .map(|c| {
                        dataset
                            .fields
                            .iter()
                            .find(|f| matches!(&f.expression, Expression::Column(x) if x == c))
                            .map(|f| f.name.clone())
                    })
                    .collect();
                dataset.primary_key = fields.unwrap_or_default();
            }
        }
    }

    /// Relationships: the one side has to be one.
    fn links(
        &mut self,
        tables: &[Option<&TableProfile>],
        evidence: &mut dyn Evidence,
        problems: &mut Vec<Problem>,
    ) {
        let datasets = self.model.datasets.clone();
        for relationship in &mut self.model.relationships {
            let Some(at) = datasets.iter().position(|d| d.name == relationship.to) else {
                continue;
            };
            let (to, Some(table)) = (&datasets[at], tables[at].filter(|t| t.rows > 0)) else {
                continue;
            };
            let open = self.gaps.relationships.contains(&relationship.name);
            if to.is_unique(&relationship.to_fields) {
                // Checked, or proven, as a key of the dataset.
                if open {
                    relationship.unique = true;
                }
                continue;
            }
            let measured = unique(to, &relationship.to_fields, table, evidence);
            if open && measured == Some(true) {
                relationship.unique = true;
                relationship.evidence = Some(format!(
                    "measured: {} tells the rows of {} apart",
                    relationship.to_fields.join(", "),
                    to.label
                ));
            } else if measured == Some(false) {
                let (severity, fix) = if relationship.unique && !open {
                    (
                        Severity::Error,
                        "take `unique: true` out of the overlay, or remove the repeated rows",
                    )
                } else {
                    (
                        Severity::Warning,
                        "many rows there fit one here: questions across it are answered only where \
                         nothing counts twice; name a key of the one side, or turn it round",
                    )
                };
                problems.push(Problem {
                    severity,
                    ..Problem::error(
                        "one_side_not_unique",
                        format!("relationships/{}", relationship.name),
                        format!(
                            "`{}` leads to one row of `{}`, but {} repeats there in the data",
                            relationship.name,
                            relationship.to,
                            relationship.to_fields.join(", ")
                        ),
                        fix,
                    )
                });
            }
        }
    }
}

fn type_word(data_type: DataType) -> &'static str {
    match data_type {
        DataType::Integer => "whole numbers",
        DataType::Decimal => "decimals",
        DataType::Float => "numbers",
        DataType::Text => "text",
        DataType::Date => "dates",
        DataType::Timestamp => "dates with times",
        DataType::Boolean => "truth values",
        DataType::Opaque => "values of another kind",
    }
}

/// The loaded table of a dataset: by the last part of its source, else by its own name.
fn table_of<'p>(dataset: &Dataset, profile: &'p SourceProfile) -> Option<&'p TableProfile> {
    let wanted = dataset.table.last()?;
    let by = |fits: &dyn Fn(&str) -> bool| {
        profile
            .tables
            .iter()
            .find(|t| fits(&t.name) || t.table.last().is_some_and(|last| fits(last)))
    };
    let same = |name: &str| name == wanted;
    let folded = |name: &str| name.eq_ignore_ascii_case(wanted);
    let spoken = snake(&words(wanted));
    let likewise = |name: &str| snake(&words(name)) == spoken;
    by(&same).or_else(|| by(&folded)).or_else(|| by(&likewise))
}

/// The column that a field is.
fn column_of<'t>(field: &crate::Field, table: &'t TableProfile) -> Option<&'t ColumnProfile> {
    match &field.expression {
        Expression::Column(name) => table.columns.iter().find(|c| c.name == *name),
        _ => None,
    }
}

/// Columns by the names that the table has.
fn columns(dataset: &mut Dataset, table: &TableProfile, problems: &mut Vec<Problem>) {
    let name = dataset.name.clone();
    for field in &mut dataset.fields {
        let mut missing = Vec::new();
        field.expression.rename_columns(&mut |column| {
            let found = table
                .columns
                .iter()
                .find(|c| c.name == *column)
                .or_else(|| {
                    table
                        .columns
                        .iter()
                        .find(|c| c.name.eq_ignore_ascii_case(column))
                });
            match found {
                Some(known) => *column = known.name.clone(),
                None => missing.push(column.clone()),
            }
        });
        for column in missing {
            problems.push(Problem::error(
                "unknown_column",
                format!("fields/{name}/{}/expression", field.name),
                format!("the table `{}` has no column `{column}`", table.name),
                suggestion(&column, table.columns.iter().map(|c| c.name.as_str())),
            ));
        }
    }
}

/// Whether fields together tell rows apart; `None` where one of them is no column.
fn unique(
    dataset: &Dataset,
    fields: &[String],
    table: &TableProfile,
    evidence: &mut dyn Evidence,
) -> Option<bool> {
    let columns: Option<Vec<&ColumnProfile>> = fields
        .iter()
        .map(|f| column_of(dataset.field(f)?, table))
        .collect();
    let columns = columns?;
    if let [only] = &columns[..] {
        return Some(only.distinct == table.rows && only.nulls == 0);
    }
    let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
    Some(evidence.is_unique(&table.name, &names))
}

#[cfg(test)]
mod tests;
