//! What there is to know about a source before anything is asked: its tables and how they belong
//! together, how they cover time, what is odd in them, and questions that are answered.

use crate::{Assistant, Conversation, OpenError, Question};
use answer::{Status, Verdict};
use semantics::{
    ColumnProfile, DataType, Dataset, Expression, Field, FieldRef, Model, Relationship, Role,
    TableProfile,
};
use serde::Serialize;
use std::collections::BTreeSet;

/// The report.
#[derive(Debug, Clone, Serialize)]
pub struct DataReport {
    /// How the source is called before people.
    pub name: String,
    /// The last plausible day (`YYYY-MM-DD`), which stands for today, if the data has dates.
    pub as_of: Option<String>,
    /// Tables, in the order of the model.
    pub tables: Vec<TableReport>,
    /// Which table refers to which.
    pub links: Vec<Link>,
    /// What is odd, the gravest of each table first.
    pub problems: Vec<Irregularity>,
    /// Names of the numbers that can be asked for.
    pub metrics: Vec<String>,
    /// Questions that were asked for this report and answered with every check passed.
    pub questions: Vec<String>,
}

/// A table.
#[derive(Debug, Clone, Serialize)]
pub struct TableReport {
    /// As the source has it.
    pub name: String,
    /// What one row is, singular; empty if unknown.
    pub row_is: String,
    /// Whether rows are events or lines that numbers are summed over.
    pub is_fact: bool,
    /// Rows.
    pub rows: u64,
    /// What became of the rows of its sources, in words.
    pub intake: String,
    /// Columns that tell rows apart; empty if none are known.
    pub key: Vec<String>,
    /// Columns, in order.
    pub columns: Vec<ColumnReport>,
    /// How the date of its rows covers time.
    pub coverage: Option<CoverageReport>,
    /// What was changed while reading.
    pub remarks: Vec<String>,
}

/// A column.
#[derive(Debug, Clone, Serialize)]
pub struct ColumnReport {
    /// As the source has it.
    pub name: String,
    /// Logical type.
    pub data_type: String,
    /// What it is used for; absent if the model does not use it.
    pub role: Option<String>,
    /// Rows without a value.
    pub missing: u64,
    /// Distinct values.
    pub distinct: u64,
    /// Smallest value as text.
    pub min: Option<String>,
    /// Largest value as text.
    pub max: Option<String>,
    /// The middle value, of measures.
    pub median: Option<f64>,
    /// A few frequent values.
    pub examples: Vec<String>,
}

/// How a date covers time, up to the last plausible day.
#[derive(Debug, Clone, Serialize)]
pub struct CoverageReport {
    /// The column.
    pub column: String,
    /// First day with rows.
    pub first: String,
    /// Last day with rows.
    pub last: String,
    /// Days from the first to the last.
    pub days: u64,
    /// Of those, days with rows.
    pub filled: u64,
    /// Rows of each month (`YYYY-MM`).
    pub months: Vec<(String, u64)>,
}

/// A reference of one table to another.
#[derive(Debug, Clone, Serialize)]
pub struct Link {
    /// The table that refers.
    pub from: String,
    /// Its columns.
    pub from_columns: Vec<String>,
    /// The table that is referred to.
    pub to: String,
    /// Its columns.
    pub to_columns: Vec<String>,
    /// Whether each row refers to one row at most; otherwise nothing is looked up through it.
    pub many_to_one: bool,
    /// Why it is believed.
    pub reason: Option<String>,
}

/// Something odd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Irregularity {
    /// The table.
    pub table: String,
    /// The column, where it is about one.
    pub column: Option<String>,
    /// Stable code: `duplicate_rows`, `repeated_key`, `unmatched`, `missing`, `gap`, `stray_dates`,
    /// `outliers`, `negative`, `constant`, `empty`.
    pub code: &'static str,
    /// In words.
    pub text: String,
    /// Rows it is about, where it is about rows.
    pub rows: Option<u64>,
}

/// A column with so large a share without value is named.
const MANY_MISSING: f64 = 0.05;

/// Gaps of one table that are named one by one.
const GAPS: usize = 5;

/// Questions that are shown.
const QUESTIONS: usize = 10;

impl Assistant {
    /// Looks at everything once.
    ///
    /// # Errors
    /// The engine's.
    pub fn data_report(&self) -> Result<DataReport, OpenError> {
        let mut problems = Vec::new();
        let mut tables = Vec::new();
        for dataset in &self.model.datasets {
            let Some(table) = self.table_of(dataset) else {
                continue;
            };
            let coverage = self.coverage(dataset, table, &mut problems)?;
            let columns = self.columns(dataset, table, &mut problems)?;
            tables.push(TableReport {
                name: table.name.clone(),
                row_is: dataset.entity.clone(),
                is_fact: dataset.is_fact,
                rows: table.rows,
                intake: table.intake.sentence(),
                key: physical(dataset, &dataset.primary_key),
                columns,
                coverage,
                remarks: table.remarks.clone(),
            });
        }
        let mut links = Vec::new();
        for relationship in &self.model.relationships {
            links.extend(self.link(relationship, &mut problems)?);
        }
        let order = |table: &str| tables.iter().position(|t| t.name == table);
        problems.sort_by_key(|p| order(&p.table));
        Ok(DataReport {
            name: self.source_name(),
            as_of: default_day(&self.model),
            links,
            problems,
            metrics: self.model.metrics.iter().map(|m| m.label.clone()).collect(),
            questions: self.questions(),
            tables,
        })
    }

    /// The measurements of the table that a dataset stands for.
    fn table_of(&self, dataset: &Dataset) -> Option<&TableProfile> {
        let name = dataset.table.last()?;
        self.warehouse
            .profile()
            .tables
            .iter()
            .find(|t| t.name.eq_ignore_ascii_case(name))
    }

    fn coverage(
        &self,
        dataset: &Dataset,
        table: &TableProfile,
        problems: &mut Vec<Irregularity>,
    ) -> Result<Option<CoverageReport>, OpenError> {
        let Some(column) = dataset
            .event_time
            .as_ref()
            .and_then(|f| physical(dataset, std::slice::from_ref(f)).pop())
        else {
            return Ok(None);
        };
        let Some(measured) = table.columns.iter().find(|c| c.name == column) else {
            return Ok(None);
        };
        let until = measured.watermark.as_deref();
        let Some(found) = self.warehouse.coverage(&table.name, &column, until)? else {
            return Ok(None);
        };
        let about = |code, text, rows| Irregularity {
            table: table.name.clone(),
            column: Some(column.clone()),
            code,
            text,
            rows,
        };
        for gap in found.gaps.iter().take(GAPS) {
            let text = format!(
                "no rows from {} to {} ({} days)",
                gap.first, gap.last, gap.days
            );
            problems.push(about("gap", text, None));
        }
        if let Some(more) = found.gaps.len().checked_sub(GAPS).filter(|n| *n > 0) {
            let text = format!("{more} more stretches without rows");
            problems.push(about("gap", text, None));
        }
        if measured.stray_after > 0 {
            let text = format!(
                "{} dated after {}, far from all others",
                rows(measured.stray_after),
                found.last
            );
            problems.push(about("stray_dates", text, Some(measured.stray_after)));
        }
        Ok(Some(CoverageReport {
            column,
            first: found.first,
            last: found.last,
            days: found.days,
            filled: found.filled,
            months: found.months,
        }))
    }

    fn columns(
        &self,
        dataset: &Dataset,
        table: &TableProfile,
        problems: &mut Vec<Irregularity>,
    ) -> Result<Vec<ColumnReport>, OpenError> {
        if table.duplicate_rows > 0 {
            problems.push(Irregularity {
                table: table.name.clone(),
                column: None,
                code: "duplicate_rows",
                text: format!(
                    "{} that another row repeats exactly",
                    rows(table.duplicate_rows)
                ),
                rows: Some(table.duplicate_rows),
            });
        }
        let mut out = Vec::new();
        for column in &table.columns {
            let field = field_of(dataset, &column.name);
            let (min, max) = (shown(column, &column.min), shown(column, &column.max));
            let mut about = |code, text, rows| {
                problems.push(Irregularity {
                    table: table.name.clone(),
                    column: Some(column.name.clone()),
                    code,
                    text,
                    rows,
                });
            };
            if is_own_key(dataset, field) && column.distinct + column.nulls < table.rows {
                let (values, rows_of_them) = self.warehouse.repeats(&table.name, &column.name)?;
                // A key that most rows share is a reference, and no key with slips.
                if rows_of_them * 10 < table.rows {
                    let text = format!(
                        "{} that should be one row each stand in {}",
                        counted(values, "value"),
                        rows(rows_of_them)
                    );
                    about("repeated_key", text, Some(rows_of_them));
                }
            }
            if table.rows > 0 && column.nulls == table.rows {
                about("empty", "no value at all".into(), None);
            } else if column.nulls as f64 >= MANY_MISSING * table.rows.max(1) as f64 {
                let share = 100.0 * column.nulls as f64 / table.rows.max(1) as f64;
                let text = format!("{} without a value ({share:.0}%)", rows(column.nulls));
                about("missing", text, Some(column.nulls));
            } else if column.distinct == 1 && table.rows > 1 && column.nulls == 0 {
                about("constant", "the same value in every row".into(), None);
            }
            let is_measure = field.is_some_and(|f| f.role == Role::Measure);
            let spread = if is_measure && column.data_type.is_numeric() {
                self.warehouse.spread(&table.name, &column.name)?
            } else {
                None
            };
            if let Some(spread) = &spread {
                let far = spread.low + spread.high;
                if far > 0 {
                    let text = format!(
                        "{} far from the others (median {}, from {} to {})",
                        counted(far, "value"),
                        number(spread.median),
                        min.as_deref().unwrap_or("?"),
                        max.as_deref().unwrap_or("?")
                    );
                    about("outliers", text, Some(far));
                }
            }
            if is_measure && column.has_negative {
                let least = min.as_deref().unwrap_or("?");
                about(
                    "negative",
                    format!("values below zero, down to {least}"),
                    None,
                );
            }
            out.push(ColumnReport {
                name: column.name.clone(),
                data_type: word(column.data_type),
                role: field.map(|f| word(f.role)),
                missing: column.nulls,
                distinct: column.distinct,
                min,
                max,
                median: spread.map(|s| s.median),
                examples: examples(column, field),
            });
        }
        Ok(out)
    }

    fn link(
        &self,
        relationship: &Relationship,
        problems: &mut Vec<Irregularity>,
    ) -> Result<Option<Link>, OpenError> {
        let sides = self
            .model
            .dataset(&relationship.from)
            .zip(self.model.dataset(&relationship.to));
        let Some((from, to)) = sides else {
            return Ok(None);
        };
        let Some((from_table, to_table)) = self.table_of(from).zip(self.table_of(to)) else {
            return Ok(None);
        };
        let from_columns = physical(from, &relationship.from_fields);
        let to_columns = physical(to, &relationship.to_fields);
        if from_columns.is_empty() || from_columns.len() != to_columns.len() {
            return Ok(None);
        }
        let names = |columns: &[String]| columns.join(" and ");
        let (own, theirs): (Vec<&str>, Vec<&str>) = (
            from_columns.iter().map(String::as_str).collect(),
            to_columns.iter().map(String::as_str).collect(),
        );
        let lost = self
            .warehouse
            .unmatched((&from_table.name, &own), (&to_table.name, &theirs))?;
        if lost > 0 {
            problems.push(Irregularity {
                table: from_table.name.clone(),
                column: Some(names(&from_columns)),
                code: "unmatched",
                text: format!("{} whose value is not in {}", rows(lost), to_table.name),
                rows: Some(lost),
            });
        }
        Ok(Some(Link {
            from: from_table.name.clone(),
            from_columns,
            to: to_table.name.clone(),
            to_columns,
            many_to_one: relationship.unique,
            reason: relationship.evidence.clone(),
        }))
    }

    /// Questions of several kinds over this model; those that are answered with every check passed.
    fn questions(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut out = Vec::new();
        for text in candidates(&self.model) {
            if out.len() == QUESTIONS {
                break;
            }
            let question = Question {
                text: text.clone(),
                ..Question::default()
            };
            let document = self.ask(&question, &mut Conversation::default(), &mut |_| {});
            let answered = document.status == Status::Answered
                && document.verification.verdict == Verdict::Verified
                && document.result.as_ref().is_some_and(|r| r.row_count > 0);
            let query = document.certificate.map(|c| c.query_hash);
            if answered && query.is_some_and(|q| seen.insert(q)) {
                out.push(text);
            }
        }
        out
    }
}

/// The last plausible day of the default time field.
fn default_day(model: &Model) -> Option<String> {
    let field = model.field(model.default_time.as_ref()?)?;
    field.max.as_ref()?.get(..10).map(str::to_string)
}

/// The last year that the default time field covers from its first to its last month, else the last one.
fn year(model: &Model) -> Option<i32> {
    let field = model.field(model.default_time.as_ref()?)?;
    let part = |day: &Option<String>, from: usize, to: usize| -> Option<i32> {
        day.as_ref()?.get(from..to)?.parse().ok()
    };
    let (last, month) = (part(&field.max, 0, 4)?, part(&field.max, 5, 7)?);
    let (first, began) = (part(&field.min, 0, 4)?, part(&field.min, 5, 7)?);
    let before_is_whole = first < last - 1 || first == last - 1 && began == 1;
    Some(if month < 12 && before_is_whole {
        last - 1
    } else {
        last
    })
}

/// Questions of the usual kinds, in the model's own words, the most telling first.
fn candidates(model: &Model) -> Vec<String> {
    let mut metrics: Vec<&semantics::Metric> = model.metrics.iter().collect();
    // The one that people mean, then those in the order of the model.
    metrics.sort_by_key(|m| model.default_metric.as_ref() != Some(&m.name));
    let mut out = Vec::new();
    let during = year(model).map_or(String::new(), |y| format!(" in {y}"));
    for (i, metric) in metrics.iter().take(4).enumerate() {
        let what = metric.label.to_lowercase();
        let groups = groups(model, &metric.name);
        let named = things(model, &metric.name);
        if i == 0 {
            out.push(format!("total {what}{during}"));
            if !during.is_empty() {
                out.push(format!("{what} by month{during}"));
            }
        }
        if let Some(group) = groups.get(i) {
            out.push(format!("{what} by {group}{during}"));
        }
        if let Some(thing) = named.get(i) {
            out.push(format!("which {thing} had the highest {what}{during}?"));
        }
        if i == 0 {
            if !during.is_empty() {
                out.push(format!("{what}{during} compared with the year before"));
            }
            if let Some(group) = groups.first() {
                out.push(format!("share of {what} by {group}{during}"));
            }
            if let (Some(group), Some(thing)) = (groups.first(), named.first()) {
                out.push(format!("top 3 {thing} by {what} in each {group}"));
            }
        }
    }
    for entity in model.entities.iter().take(3) {
        out.push(format!(
            "how many {} are there?",
            semantics::plural(&entity.name)
        ));
    }
    out
}

/// Datasets whose columns a metric can be split by: its own and those one link away.
fn near<'m>(model: &'m Model, metric: &str) -> Vec<&'m Dataset> {
    let Some(home) = model.home_datasets(metric).into_iter().next() else {
        return Vec::new();
    };
    let linked = model
        .relationships
        .iter()
        .filter(|r| r.from == home && r.unique)
        .map(|r| r.to.as_str());
    std::iter::once(home.as_str())
        .chain(linked)
        .filter_map(|name| model.dataset(name))
        .collect()
}

/// Names of columns to split a metric by, the coarsest first.
fn groups(model: &Model, metric: &str) -> Vec<String> {
    let mut found: Vec<(u64, String)> = near(model, metric)
        .iter()
        .flat_map(|d| &d.fields)
        .filter(|f| f.role == Role::Dimension && f.data_type == DataType::Text)
        .filter_map(|f| Some((f.distinct.filter(|n| (2..=60).contains(n))?, f)))
        .map(|(n, f)| (n, f.label.to_lowercase()))
        .collect();
    found.sort();
    let mut seen = BTreeSet::new();
    found.retain(|(_, label)| seen.insert(label.clone()));
    found.into_iter().map(|(_, label)| label).collect()
}

/// Nouns of the things that a metric can be ranked by.
fn things(model: &Model, metric: &str) -> Vec<String> {
    let near: Vec<&str> = near(model, metric)
        .iter()
        .map(|d| d.name.as_str())
        .collect();
    let reached = |field: &FieldRef| near.contains(&field.dataset.as_str());
    model
        .entities
        .iter()
        .filter(|e| reached(&e.display) && e.display != e.key)
        .map(|e| e.name.clone())
        .collect()
}

fn field_of<'d>(dataset: &'d Dataset, column: &str) -> Option<&'d Field> {
    dataset
        .fields
        .iter()
        .find(|f| matches!(&f.expression, Expression::Column(c) if c == column))
}

/// Physical columns of fields; none if one of them is computed.
fn physical(dataset: &Dataset, fields: &[String]) -> Vec<String> {
    let found: Option<Vec<String>> = fields
        .iter()
        .map(|name| match &dataset.field(name)?.expression {
            Expression::Column(column) => Some(column.clone()),
            _ => None,
        })
        .collect();
    found.unwrap_or_default()
}

/// Whether a column goes by the name of its table's rows ("order id" of the orders) and is no key.
fn is_own_key(dataset: &Dataset, field: Option<&Field>) -> bool {
    field.is_some_and(|f| {
        f.role == Role::Id
            && !dataset.primary_key.contains(&f.name)
            && dataset.primary_key.len() < 2
            && f.name
                .rsplit_once('_')
                .is_some_and(|(noun, _)| noun.replace('_', " ") == dataset.entity)
    })
}

/// What columns of people's addresses and free text hold is not spread further than needed.
fn examples(column: &ColumnProfile, field: Option<&Field>) -> Vec<String> {
    let private = field.is_some_and(|f| {
        f.role == Role::Text
            || matches!(
                f.subject,
                semantics::Subject::Address | semantics::Subject::Email | semantics::Subject::Phone
            )
            || f.values.as_ref().is_some_and(|v| v.pii)
    });
    if private {
        return Vec::new();
    }
    column.samples.iter().take(4).cloned().collect()
}

/// The end of a column's range, without zeros that only its type adds.
fn shown(column: &ColumnProfile, value: &Option<String>) -> Option<String> {
    let value = value.as_ref()?;
    if column.data_type == DataType::Decimal && value.contains('.') {
        let trimmed = value.trim_end_matches('0').trim_end_matches('.');
        return Some(trimmed.to_string());
    }
    Some(value.clone())
}

/// The word by which a value of a closed list is written in documents.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

fn number(x: f64) -> String {
    let text = format!("{x:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

fn counted(n: u64, noun: &str) -> String {
    if n == 1 {
        format!("1 {noun}")
    } else {
        format!("{n} {noun}s")
    }
}

fn rows(n: u64) -> String {
    counted(n, "row")
}
