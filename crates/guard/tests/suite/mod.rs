//! The attack suite: statements as data, each for several dialects, each with a benign twin.

pub(crate) mod mutate;

use guard::{Dialect, Schema};

/// A line of `suites/guard/attacks.jsonl`.
#[derive(Debug, Clone, serde::Deserialize)]
pub(crate) struct Case {
    /// Number of the attack's category, as the table prints it.
    pub(crate) category: u32,
    /// Letters of the dialects: D DuckDB, P PostgreSQL, S Snowflake, B BigQuery, K Spark.
    pub(crate) on: String,
    /// Whether it is read against the suite's model.
    #[serde(default)]
    pub(crate) model: bool,
    /// Codes of the refusal, any of which will do.
    pub(crate) codes: Vec<String>,
    /// What has to be refused. `«x»` is a quoted name, `{{text×3}}` a text three times.
    pub(crate) attack: String,
    /// What has to pass.
    pub(crate) twin: String,
}

/// A statement in one dialect.
pub(crate) struct Concrete {
    pub(crate) category: u32,
    pub(crate) dialect: Dialect,
    pub(crate) letter: char,
    pub(crate) model: bool,
    pub(crate) codes: Vec<String>,
    pub(crate) attack: String,
    pub(crate) twin: String,
}

fn dialect(letter: char) -> Dialect {
    match letter {
        'D' => Dialect::DuckDb,
        'P' => Dialect::Postgres,
        'S' => Dialect::Snowflake,
        'B' => Dialect::BigQuery,
        'K' => Dialect::Spark,
        other => panic!("`{other}` is no dialect"),
    }
}

fn expand(text: &str, letter: char) -> String {
    let quote = if matches!(letter, 'B' | 'K') {
        '`'
    } else {
        '"'
    };
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        let end = at + rest[at..].find("}}").unwrap();
        let (unit, times) = rest[at + 2..end].rsplit_once('×').unwrap();
        out.push_str(&rest[..at]);
        out.push_str(&unit.repeat(times.parse().unwrap()));
        rest = &rest[end + 2..];
    }
    out.push_str(rest);
    out.replace(['«', '»'], &quote.to_string())
}

/// Every case of the suite in every dialect that it names.
pub(crate) fn cases() -> Vec<Concrete> {
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../suites/guard/attacks.jsonl"
    ))
    .unwrap();
    let mut cases = Vec::new();
    for line in text.lines() {
        let case: Case = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        for letter in case.on.chars() {
            cases.push(Concrete {
                category: case.category,
                dialect: dialect(letter),
                letter,
                model: case.model,
                codes: case.codes.clone(),
                attack: expand(&case.attack, letter),
                twin: expand(&case.twin, letter),
            });
        }
    }
    cases
}

/// The tables that the cases may read. `hr.payroll` and `customers.email` are none of them.
pub(crate) fn model() -> Schema {
    let columns = |names: &[&str]| names.iter().map(|n| n.to_string()).collect::<Vec<_>>();
    let mut schema = Schema::default();
    for (table, list) in [
        (
            "sales",
            &[
                "id",
                "region",
                "amount",
                "quantity",
                "sold_on",
                "product_id",
                "customer_id",
                "store_id",
            ][..],
        ),
        (
            "products",
            &["product_id", "name", "category", "price", "delete"],
        ),
        ("stores", &["store_id", "city", "opened_on"]),
        ("customers", &["customer_id", "segment", "country"]),
    ] {
        schema.tables.insert(table.to_string(), columns(list));
        schema
            .tables
            .insert(format!("retail.{table}"), columns(list));
    }
    schema
}
