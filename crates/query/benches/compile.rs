//! How long a typed query takes to become SQL, over a model of a hundred tables.
//!
//! Prints one line per kind of query: median and 99th percentile in microseconds, and the length of
//! the SQL. `cargo bench -p query`.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a program that measures and prints"
)]

use query::{Dialect, Query, compile};
use semantics::{
    Additivity, Aggregation, Calendar, DataType, Dataset, Expression, Field, FieldRef, Metric,
    MetricKind, Model, Relationship, Role, RowFilter,
};
use serde_json::json;
use std::time::Instant;

const FACTS: usize = 20;
const DIMENSIONS: usize = 80;
const ROUNDS: usize = 4000;

fn field(name: &str, data_type: DataType, role: Role) -> Field {
    let mut field = Field::column(name, data_type);
    field.role = role;
    if role == Role::Measure {
        field.additivity = Additivity::Additive;
    }
    field
}

fn link(from: &str, to: &str, key: &str) -> Relationship {
    Relationship {
        name: format!("{from}_{key}"),
        from: from.into(),
        to: to.into(),
        from_fields: vec![key.into()],
        to_fields: vec!["id".into()],
        unique: true,
        ..Relationship::default()
    }
}

/// Twenty facts; each looks up eight of eighty dimensions, half of which look up another.
fn model() -> Model {
    let mut model = Model {
        name: "chain".into(),
        calendars: vec![Calendar::nrf("retail")],
        ..Model::default()
    };
    for d in 0..DIMENSIONS {
        let name = format!("dimension_{d}");
        let mut dataset = Dataset::new(&name, vec!["main".into(), name.clone()]);
        dataset.primary_key = vec!["id".into()];
        dataset.fields = vec![field("id", DataType::Integer, Role::Id)];
        for f in 0..12 {
            let name = format!("attribute_{f}");
            dataset
                .fields
                .push(field(&name, DataType::Text, Role::Dimension));
        }
        if d % 2 == 0 {
            let parent = format!("dimension_{}", d + 1);
            dataset
                .fields
                .push(field("parent_id", DataType::Integer, Role::Id));
            model.relationships.push(link(&name, &parent, "parent_id"));
        }
        model.datasets.push(dataset);
    }
    for f in 0..FACTS {
        let name = format!("fact_{f}");
        let mut dataset = Dataset::new(&name, vec!["main".into(), name.clone()]);
        dataset.primary_key = vec!["id".into()];
        dataset.event_time = Some("day".into());
        dataset.is_fact = true;
        dataset.fields = vec![
            field("id", DataType::Integer, Role::Id),
            field("day", DataType::Date, Role::Time),
            field("status", DataType::Text, Role::Dimension),
        ];
        for m in 0..6 {
            let name = format!("amount_{m}");
            dataset
                .fields
                .push(field(&name, DataType::Decimal, Role::Measure));
        }
        if f % 3 == 0 {
            dataset.default_filters = vec![RowFilter::one_of(
                FieldRef::new(&name, "status"),
                &["done", "paid"],
            )];
        }
        for k in 0..8 {
            let key = format!("key_{k}");
            dataset
                .fields
                .push(field(&key, DataType::Integer, Role::Id));
            let to = format!("dimension_{}", (f * 2 + k * 10) % DIMENSIONS);
            model.relationships.push(link(&name, &to, &key));
        }
        model.datasets.push(dataset);
        for m in 0..6 {
            model.metrics.push(Metric::new(
                format!("total_{f}_{m}"),
                MetricKind::Simple {
                    dataset: name.clone(),
                    aggregation: Aggregation::Sum,
                    expression: Some(Expression::Field(format!("amount_{m}"))),
                    filter: None,
                },
            ));
        }
        model.metrics.push(Metric::new(
            format!("rate_{f}"),
            MetricKind::Ratio {
                numerator: format!("total_{f}_0"),
                denominator: format!("total_{f}_1"),
            },
        ));
    }
    model
}

fn query(value: serde_json::Value) -> Query {
    serde_json::from_value(value).expect("a typed query")
}

fn queries() -> Vec<(&'static str, Query)> {
    let term = |name: &str| json!({"name": name, "measure": {"metric": name}});
    let time = |calendar: Option<&str>| {
        let mut time = json!({"field": "fact_3.day", "range": {"start": "2024-01-01", "end": "2025-01-01", "label": "2024"}});
        if let Some(calendar) = calendar {
            time["calendar"] = calendar.into();
        }
        time
    };
    vec![
        ("one number", query(json!({"metrics": [term("total_3_0")]}))),
        (
            "by two fields, filtered",
            query(json!({"metrics": [term("total_3_0"), term("rate_3")],
                "dimensions": [{"field": "dimension_6.attribute_1"}, {"field": "dimension_17.attribute_2"}],
                "time": time(None),
                "filter": {"in": {"field": "dimension_26.attribute_3", "values": ["a", "b"]}}})),
        ),
        (
            "three facts by a shared field",
            query(
                json!({"metrics": [term("total_0_0"), term("total_5_1"), term("total_10_2")],
                "dimensions": [{"field": "dimension_10.attribute_4"}]}),
            ),
        ),
        (
            "top ten against the year before",
            query(json!({"metrics": [term("total_3_0")],
                "dimensions": [{"field": "dimension_6.attribute_1"}],
                "time": time(None),
                "compare": {"to": "prior_year", "align": "to_date", "watermark": "2024-09-15", "show": ["value", "prior", "pct"]},
                "rank": {"by": 0, "on": "pct", "direction": "descending", "n": 10}})),
        ),
        (
            "retail months against the year before",
            query(json!({"metrics": [term("total_3_0"), term("total_3_1")],
                "dimensions": [{"time": "month"}, {"field": "dimension_6.attribute_1"}],
                "time": time(Some("retail")),
                "compare": {"to": "prior_year", "align": "restated", "show": ["value", "prior", "pct"]}})),
        ),
        (
            "through a link, members of a sub-query",
            query(
                json!({"metrics": [{"name": "n", "measure": {"rows": "dimension_6"}}],
                "dimensions": [{"field": "dimension_16.attribute_1@fact_3_key_1"}],
                "filter": {"members": {"field": "dimension_6.id", "query": {
                    "metrics": [term("total_3_0")], "dimensions": [{"field": "fact_3.key_0"}],
                    "having": [{"metric": 0, "on": "value", "op": "gt", "value": {"number": 100}}]}}}}),
            ),
        ),
        (
            "a list of rows",
            query(
                json!({"rows": {"dataset": "fact_3", "fields": ["fact_3.id", "fact_3.day", "dimension_6.attribute_1", "dimension_7.attribute_2"]},
                "filter": {"compare": {"field": "fact_3.amount_0", "op": "gt", "value": 10}},
                "order": [{"key": {"field": "fact_3.day"}, "direction": "descending"}], "limit": 100}),
            ),
        ),
    ]
}

fn main() {
    let model = model();
    println!(
        "{} tables, {} relationships, {} metrics; {ROUNDS} compilations each",
        model.datasets.len(),
        model.relationships.len(),
        model.metrics.len()
    );
    println!(
        "{:42} {:>10} {:>10} {:>8}",
        "query", "median µs", "p99 µs", "letters"
    );
    let mut all = Vec::new();
    for (name, query) in queries() {
        let mut times = Vec::with_capacity(ROUNDS);
        let mut letters = 0;
        for round in 0..ROUNDS {
            let dialect = Dialect::ALL[round % Dialect::ALL.len()];
            let start = Instant::now();
            let compiled = compile(&model, &query, dialect).expect(name);
            times.push(start.elapsed().as_secs_f64() * 1e6);
            letters = compiled.sql().len();
        }
        all.extend(&times);
        let (median, p99) = percentiles(&mut times);
        println!("{name:42} {median:10.1} {p99:10.1} {letters:8}");
    }
    let (median, p99) = percentiles(&mut all);
    println!("{:42} {median:10.1} {p99:10.1}", "all");
}

fn percentiles(times: &mut [f64]) -> (f64, f64) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    (at(0.5), at(0.99))
}
