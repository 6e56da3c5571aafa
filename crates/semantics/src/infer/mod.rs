//! A model from measurements: nothing is known of the data but its names, types, values and keys.

pub(crate) mod columns;
pub(crate) mod entities;
mod metrics;
pub(crate) mod naming;
mod relationships;

use crate::{
    Additivity, AddressPart, DataType, Dataset, Evidence, Expression, Field, FieldRef, Model,
    Relationship, Role, SourceProfile, Subject, TableProfile, Unit,
};
pub(crate) use metrics::default_time;
use naming::{column_words, label, shared_prefix, singular_phrase, snake, words};

/// Infers a model. Empty tables stay in it, so that what refers to them can be explained.
pub fn infer(profile: &SourceProfile, evidence: &mut dyn Evidence) -> Model {
    let mut datasets: Vec<Dataset> = Vec::new();
    let names: Vec<Vec<String>> = profile.tables.iter().map(|t| words(&t.name)).collect();
    let prefix = shared_prefix(&names);
    for (table, words) in profile.tables.iter().zip(&names) {
        let next = dataset(table, &words[prefix..], evidence, &datasets);
        datasets.push(next);
    }
    let relationships = relationships::find(profile, &datasets, evidence);
    for dataset in &mut datasets {
        dataset.is_fact = is_fact(dataset, &relationships);
    }
    // A column that refers to another table is no amount.
    for relationship in &relationships {
        if let Some(dataset) = datasets.iter_mut().find(|d| d.name == relationship.from) {
            for field in dataset
                .fields
                .iter_mut()
                .filter(|f| relationship.from_fields.contains(&f.name) && f.role == Role::Measure)
            {
                field.role = Role::Id;
                field.additivity = Additivity::Non;
                field.unit = Unit::Plain;
            }
        }
    }
    let currency = profile
        .tables
        .iter()
        .flat_map(|t| &t.columns)
        .find_map(|c| c.currency.clone());
    let mut model = Model {
        name: if profile.name.is_empty() {
            "data".into()
        } else {
            snake(&words(&profile.name))
        },
        datasets,
        relationships,
        currency,
        ..Model::default()
    };
    model.entities = entities::find(&model);
    metrics::add(&mut model);
    // Fields that are people's words for a table of their own are not asked for by the table's noun.
    model
}

/// Whether rows are events or lines that metrics are summed over: they refer to others and are
/// dated, or have amounts, or stand alone.
pub(crate) fn is_fact(dataset: &Dataset, relationships: &[Relationship]) -> bool {
    let refers = relationships
        .iter()
        .filter(|r| r.from == dataset.name && r.to != dataset.name)
        .count();
    let referred = relationships
        .iter()
        .any(|r| r.to == dataset.name && r.from != dataset.name);
    let measures = dataset.fields.iter().any(|f| f.role == Role::Measure);
    relationships.is_empty()
        || dataset.event_time.is_some() && refers > 0
        || refers > 0 && measures && (!referred || refers > 1)
        || (!referred && refers == 0 && dataset.event_time.is_some())
        || relationships.iter().any(|r| r.from == dataset.name) && dataset.primary_key.len() > 1
}

/// A table as a dataset.
fn dataset(
    table: &TableProfile,
    table_words: &[String],
    evidence: &mut dyn Evidence,
    others: &[Dataset],
) -> Dataset {
    let names: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
    let column_words = column_words(&names);
    let mut name = snake(table_words);
    if name.is_empty() {
        name = "data".into();
    }
    while others.iter().any(|d| d.name == name) {
        name.push_str("_2");
    }
    let key_columns: Vec<String> = if table.primary_key.is_empty() {
        prove_key(table, &column_words, evidence)
    } else {
        table.primary_key.clone()
    };
    let mut fields: Vec<Field> = Vec::new();
    for (column, w) in table.columns.iter().zip(&column_words) {
        let is_key = key_columns.len() == 1 && key_columns[0].eq_ignore_ascii_case(&column.name);
        let mut field = columns::field(column, w, table, is_key);
        if field.name.is_empty() {
            field.name = "value".into();
        }
        while fields.iter().any(|f| f.name == field.name) {
            field.name.push_str("_2");
        }
        fields.push(field);
    }
    let primary_key: Vec<String> = key_columns
        .iter()
        .filter_map(|k| {
            fields
                .iter()
                .find(
                    |f| matches!(&f.expression, Expression::Column(c) if c.eq_ignore_ascii_case(k)),
                )
                .map(|f| f.name.clone())
        })
        .collect();
    let entity = singular_phrase(table_words);
    derived(&mut fields, table, &entity);
    // A person's title is a job.
    if fields.iter().any(|f| f.subject == Subject::LastName)
        && let Some(title) = fields.iter_mut().find(|f| f.name == "title")
    {
        for other in ["job title", "job", "position"] {
            title.synonyms.push(other.into());
        }
    }
    let event_time = event_time(&fields);
    let name_field = name_field(&fields, &entity, table.rows);
    let mut reasons = vec![match (&primary_key[..], table.primary_key.is_empty()) {
        ([], _) => "nothing tells the rows apart".to_string(),
        (key, true) => format!("measured: no two rows share {}", key.join(", ")),
        (key, false) => format!("{} is declared as the key", key.join(", ")),
    }];
    if let Some(time) = &event_time {
        reasons.push(format!(
            "of its dates {time} is named most like that of an event"
        ));
    }
    Dataset {
        evidence: Some(reasons.join("; ")),
        label: label(table_words),
        table: table.table.clone(),
        entity,
        primary_key,
        name_field,
        event_time,
        rows: Some(table.rows),
        fields,
        remarks: table.remarks.clone(),
        name,
        ..Dataset::default()
    }
}

/// The columns that tell all rows of a table apart, declared or proven; none if nothing does.
pub(crate) fn prove_key_of(table: &TableProfile, evidence: &mut dyn Evidence) -> Vec<String> {
    if !table.primary_key.is_empty() {
        return table.primary_key.clone();
    }
    let names: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
    prove_key(table, &column_words(&names), evidence)
}

/// A column (or two) proven to tell all rows apart.
fn prove_key(
    table: &TableProfile,
    column_words: &[Vec<String>],
    evidence: &mut dyn Evidence,
) -> Vec<String> {
    if table.rows == 0 {
        return Vec::new();
    }
    let id_like = |w: &Vec<String>| {
        w.iter()
            .any(|x| matches!(x.as_str(), "id" | "key" | "code" | "number" | "no"))
            && !w
                .iter()
                .any(|x| matches!(x.as_str(), "postal" | "zip" | "phone" | "fax"))
    };
    for (column, w) in table.columns.iter().zip(column_words) {
        if column.distinct == table.rows && column.nulls == 0 && id_like(w) {
            return vec![column.name.clone()];
        }
    }
    for column in &table.columns {
        if column.distinct == table.rows
            && column.nulls == 0
            && matches!(column.data_type, DataType::Text | DataType::Integer)
            && table.rows > 1
        {
            return vec![column.name.clone()];
        }
    }
    let ids: Vec<&str> = table
        .columns
        .iter()
        .zip(column_words)
        .filter(|(c, w)| id_like(w) && c.nulls == 0)
        .map(|(c, _)| c.name.as_str())
        .take(5)
        .collect();
    for (i, a) in ids.iter().enumerate() {
        for b in &ids[i + 1..] {
            if evidence.is_unique(&table.name, &[a, b]) {
                return vec![(*a).to_string(), (*b).to_string()];
            }
        }
    }
    // An id that is unique within a group ("customer 12 of the West").
    let first = table.columns.first().zip(column_words.first());
    if let Some((id, _)) = first.filter(|(c, w)| id_like(w) && c.nulls == 0) {
        let groups = table.columns.iter().skip(1).filter(|c| {
            c.data_type == DataType::Text && c.nulls == 0 && c.distinct * 10 < table.rows
        });
        for group in groups {
            if evidence.is_unique(&table.name, &[&id.name, &group.name]) {
                return vec![id.name.clone(), group.name.clone()];
            }
        }
    }
    Vec::new()
}

/// Which date dates a row: the order's rather than the shipment's or a person's birth.
pub(crate) fn event_time(fields: &[Field]) -> Option<String> {
    let rank = |f: &Field| -> i32 {
        let name = f.name.as_str();
        let has = |w: &str| name.split('_').any(|x| x == w);
        if [
            "birth",
            "hire",
            "hired",
            "modified",
            "updated",
            "expiry",
            "expiration",
            "due",
            "required",
            "born",
            "dob",
            "end",
            "to",
            "until",
            "joined",
            "join",
            "created",
        ]
        .iter()
        .any(|w| has(w))
            && !has("order")
        {
            return -1;
        }
        if [
            "order",
            "sale",
            "sales",
            "transaction",
            "purchase",
            "invoice",
            "payment",
        ]
        .iter()
        .any(|w| has(w))
        {
            return 10;
        }
        if ["snapshot", "event"].iter().any(|w| has(w))
            || matches!(name, "date" | "day" | "timestamp" | "datetime" | "time")
        {
            return 8;
        }
        if ["ship", "shipped", "shipment", "delivery", "delivered"]
            .iter()
            .any(|w| has(w))
        {
            return 4;
        }
        2
    };
    let mut candidates: Vec<(i32, &Field)> = fields
        .iter()
        .filter(|f| f.role == Role::Time)
        .map(|f| (rank(f), f))
        .filter(|(r, _)| *r >= 0)
        .collect();
    candidates.sort_by_key(|c| std::cmp::Reverse(c.0));
    candidates.first().map(|(_, f)| f.name.clone())
}

/// The field that names a row to people.
pub(crate) fn name_field(fields: &[Field], entity: &str, rows: u64) -> Option<String> {
    let text = |f: &&Field| f.data_type == DataType::Text && !matches!(f.role, Role::Id);
    if fields.iter().any(|f| f.name == "full_name") {
        let company = fields.iter().find(|f| {
            text(f)
                && matches!(
                    f.name.as_str(),
                    "company_name" | "customer_name" | "supplier_name" | "store_name"
                )
        });
        return Some(company.map_or_else(|| "full_name".to_string(), |f| f.name.clone()));
    }
    let noun = entity.replace(' ', "_");
    for wanted in [
        format!("{noun}_name"),
        "name".into(),
        "company_name".into(),
        noun.clone(),
        format!("{noun}_title"),
        "title".into(),
        format!("{noun}_description"),
        "description".into(),
    ] {
        if let Some(f) = fields.iter().filter(text).find(|f| f.name == wanted) {
            return Some(f.name.clone());
        }
    }
    let by_ending = |ending: &str| {
        fields
            .iter()
            .filter(text)
            .find(|f| f.name.ends_with(ending))
            .map(|f| f.name.clone())
    };
    by_ending("_description").or_else(|| {
        // Details that tell nearly all rows apart serve as a name where there is no better one.
        by_ending("_details").filter(|name| {
            fields
                .iter()
                .find(|f| f.name == *name)
                .and_then(|f| f.distinct)
                .is_some_and(|d| d * 10 >= rows * 9)
        })
    })
}

/// Fields that are in the data but not in a column of their own.
fn derived(fields: &mut Vec<Field>, table: &TableProfile, entity: &str) {
    let text_field =
        |name: &str, label: String, expression: Expression, subject: Subject, synonyms: &[&str]| {
            Field {
                name: name.into(),
                label,
                expression,
                data_type: DataType::Text,
                role: Role::Dimension,
                subject,
                additivity: Additivity::Non,
                unit: Unit::Plain,
                synonyms: synonyms.iter().map(|s| (*s).to_string()).collect(),
                searchable: true,
                ..Field::default()
            }
        };
    // "917 1st St, Dallas, TX 75001"
    let addressed = table.columns.iter().find(|c| {
        let fits = c.samples.iter().filter(|s| {
            let parts: Vec<&str> = s.split(',').map(str::trim).collect();
            let tail: Vec<&str> = parts
                .last()
                .map(|p| p.split(' ').collect())
                .unwrap_or_default();
            parts.len() == 3
                && tail.len() == 2
                && tail[0].len() == 2
                && tail[0].chars().all(|x| x.is_ascii_uppercase())
                && tail[1].chars().all(|x| x.is_ascii_digit())
        });
        c.data_type == DataType::Text
            && !c.samples.is_empty()
            && fits.count() * 10 >= c.samples.len() * 9
    });
    if let Some(column) = addressed {
        let of = || Box::new(Expression::Column(column.name.clone()));
        for (name, label, part, subject, synonyms) in [
            (
                "city",
                "City",
                AddressPart::City,
                Subject::City,
                &["town"][..],
            ),
            (
                "state",
                "State",
                AddressPart::State,
                Subject::State,
                &["province"],
            ),
            (
                "postal_code",
                "Postal code",
                AddressPart::PostalCode,
                Subject::PostalCode,
                &["zip code", "zip", "postcode"],
            ),
        ] {
            if !fields.iter().any(|f| f.name == name) {
                fields.push(text_field(
                    name,
                    label.into(),
                    Expression::Address { of: of(), part },
                    subject,
                    synonyms,
                ));
            }
        }
    }
    let first = fields
        .iter()
        .find(|f| f.subject == Subject::FirstName)
        .map(|f| f.name.clone());
    let last = fields
        .iter()
        .find(|f| f.subject == Subject::LastName)
        .map(|f| f.name.clone());
    if let (Some(first), Some(last)) = (first, last)
        && !fields.iter().any(|f| f.name == "full_name")
    {
        let title = if entity.is_empty() {
            "Full name".to_string()
        } else {
            label(&words(entity))
        };
        let expression = Expression::Concatenate {
            separator: " ".into(),
            parts: vec![Expression::Field(first), Expression::Field(last)],
        };
        fields.push(text_field(
            "full_name",
            title,
            expression,
            Subject::Name,
            &["full name", "name"],
        ));
    }
    let times: Vec<&Field> = fields.iter().filter(|f| f.role == Role::Time).collect();
    let ordered = times
        .iter()
        .find(|f| f.name.contains("order") || f.name.contains("purchase"))
        .map(|f| f.name.clone());
    let shipped = times
        .iter()
        .find(|f| {
            f.name.contains("ship") || f.name.contains("dispatch") || f.name.contains("deliver")
        })
        .map(|f| f.name.clone());
    if let (Some(from), Some(to)) = (ordered, shipped)
        && from != to
    {
        fields.push(Field {
            data_type: DataType::Integer,
            role: Role::Measure,
            unit: Unit::Days,
            searchable: false,
            ..text_field(
                "days_to_ship",
                "Days to ship".into(),
                Expression::DaysBetween {
                    from: Box::new(Expression::Field(from)),
                    to: Box::new(Expression::Field(to)),
                },
                Subject::Other,
                &[
                    "day from order to shipment",
                    "day from order to dispatch",
                    "day from order to delivery",
                    "day between order and shipment",
                    "day to dispatch",
                    "shipping time",
                    "delivery time",
                    "lead time",
                    "time to ship",
                    "shipping delay",
                    "day to deliver",
                    "fulfilment time",
                ],
            )
        });
    }
}

/// A reference to a field of a dataset.
fn reference(dataset: &Dataset, field: &str) -> FieldRef {
    FieldRef::new(&dataset.name, field)
}
