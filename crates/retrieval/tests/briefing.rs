//! What goes into a prompt, and what never does.

use query::Reader;
use retrieval::{Briefing, Budget, Ground, Kind, KnownValue, Library, Visibility, Wanted};
use semantics::{
    Aggregation, DataType, Dataset, Expression, Field, FieldRef, Literal, Metric, MetricKind,
    Model, Operator, Policy, Relationship, RowFilter, Values, VerifiedQuery,
};

fn text(name: &str) -> Field {
    Field::column(name, DataType::Text)
}

/// Shops, customers and sales; one policy hides the margin and masks the customers' names.
fn model() -> Model {
    let metric = |name: &str, column: &str, synonyms: &[&str]| Metric {
        synonyms: synonyms.iter().map(|s| (*s).to_string()).collect(),
        ..Metric::new(
            name,
            MetricKind::Simple {
                dataset: "sales".into(),
                aggregation: Aggregation::Sum,
                expression: Some(Expression::Field(column.into())),
                filter: None,
            },
        )
    };
    let dataset = |name: &str, fields: Vec<Field>, key: &str| Dataset {
        name: name.into(),
        label: name.into(),
        table: vec![name.into()],
        primary_key: vec![key.into()],
        fields,
        ..Dataset::default()
    };
    let link = |to: &str, field: &str| Relationship {
        name: format!("sales_{to}"),
        from: "sales".into(),
        to: to.into(),
        from_fields: vec![field.into()],
        to_fields: vec![field.into()],
        unique: true,
        role: None,
        evidence: None,
    };
    let number = |name: &str| Field::column(name, DataType::Decimal);
    let verified = |question: &str, query: serde_json::Value| VerifiedQuery {
        question: question.into(),
        query,
        verified_by: None,
        verified_at: None,
    };
    Model {
        datasets: vec![
            dataset(
                "sales",
                vec![
                    text("sale_id"),
                    text("shop_id"),
                    text("customer_id"),
                    Field::column("sold_on", DataType::Date),
                    number("amount"),
                    number("margin_amount"),
                ],
                "sale_id",
            ),
            dataset(
                "shops",
                vec![
                    text("shop_id"),
                    Field {
                        description: "see https://user:secret@intranet/areas".into(),
                        ..text("area")
                    },
                ],
                "shop_id",
            ),
            dataset(
                "customers",
                vec![
                    text("customer_id"),
                    text("full_name"),
                    Field {
                        values: Some(Values {
                            pii: true,
                            ..Values::default()
                        }),
                        ..text("nickname")
                    },
                ],
                "customer_id",
            ),
        ],
        relationships: vec![link("shops", "shop_id"), link("customers", "customer_id")],
        metrics: vec![
            metric("takings", "amount", &["turnover", "sales"]),
            metric("margin", "margin_amount", &["profit"]),
        ],
        default_metric: Some("takings".into()),
        policies: vec![
            Policy {
                group: "clerks".into(),
                rows: vec![RowFilter::Compare {
                    field: FieldRef::new("shops", "area"),
                    op: Operator::Eq,
                    value: Literal::Text("Harbour".into()),
                }],
                hidden_fields: vec![FieldRef::new("sales", "margin_amount")],
                masked_fields: vec![FieldRef::new("customers", "full_name")],
                ..Policy::default()
            },
            Policy {
                group: "owners".into(),
                ..Policy::default()
            },
        ],
        verified_queries: vec![
            verified(
                "Turnover by area",
                serde_json::json!({"metrics": [{"name": "Takings", "measure": {"metric": "takings"}}],
                    "dimensions": [{"field": "shops.area"}]}),
            ),
            verified(
                "Turnover of the Harbour area",
                serde_json::json!({"metrics": [{"name": "Takings", "measure": {"metric": "takings"}}],
                    "filter": {"in": {"field": "shops.area", "values": ["Harbour"]}}}),
            ),
            verified(
                "Profit by area",
                serde_json::json!({"metrics": [{"name": "Margin", "measure": {"metric": "margin"}}],
                    "dimensions": [{"field": "shops.area"}]}),
            ),
        ],
        ..Model::default()
    }
}

fn reader(group: &str) -> Reader {
    Reader {
        groups: vec![group.into()],
        ..Reader::default()
    }
}

fn brief(visibility: &Visibility, question: &str, tokens: u64) -> Briefing {
    Library::new(visibility).brief(
        &Wanted {
            question: question.into(),
            ..Wanted::default()
        },
        &Ground::default(),
        None,
        Budget {
            tokens,
            measure: |text| text.len().div_ceil(3) as u64,
        },
    )
}

#[test]
fn what_a_policy_takes_away_is_in_no_prompt() {
    let model = model();
    for (who, visibility) in [
        (
            "a clerk",
            Visibility::new(&model, Some(&reader("clerks")), true),
        ),
        ("nobody in particular", Visibility::new(&model, None, true)),
    ] {
        let told = brief(&visibility, "profit margin by full name", 5_000);
        for hidden in ["margin", "full_name", "Profit"] {
            assert!(
                !told.text.contains(hidden),
                "{who} is told of {hidden}:\n{}",
                told.text
            );
        }
        assert!(told.text.contains("takings"), "{who}:\n{}", told.text);
    }
    let owner = Visibility::new(&model, Some(&reader("owners")), true);
    let told = brief(&owner, "profit margin by full name", 5_000).text;
    assert!(
        told.contains("margin:") && told.contains("customers.full_name"),
        "{told}"
    );
    let stranger = Visibility::new(&model, Some(&reader("visitors")), true);
    assert_eq!(brief(&stranger, "takings", 5_000).text, "");
}

#[test]
fn addresses_in_remarks_are_in_no_prompt() {
    let model = model();
    let owner = Visibility::new(&model, Some(&reader("owners")), true);
    let told = brief(&owner, "takings by area", 5_000).text;
    assert!(
        told.contains("shops.area") && !told.contains("secret"),
        "{told}"
    );
}

#[test]
fn values_that_may_be_shown() {
    let model = model();
    let area = FieldRef::new("shops", "area");
    let name = FieldRef::new("customers", "full_name");
    let nickname = FieldRef::new("customers", "nickname");
    let owner = Visibility::new(&model, Some(&reader("owners")), true);
    assert!(owner.values_of(&area) && owner.values_of(&name));
    assert!(!owner.values_of(&nickname), "it tells who a person is");
    let clerk = Visibility::new(&model, Some(&reader("clerks")), true);
    assert!(clerk.values_of(&area) && !clerk.values_of(&name));
    let look = clerk
        .present(&area, &["Harbour".into(), "Hills".into()])
        .expect("areas may be seen")
        .expect("some rows may not");
    assert!(
        look.sql().matches("'Harbour'").count() >= 2,
        "value and policy: {}",
        look.sql()
    );
    // Rows are restricted for someone, and nobody says who asks.
    assert!(!Visibility::new(&model, None, true).values_of(&area));
    assert!(!Visibility::new(&model, Some(&reader("owners")), false).values_of(&area));
}

#[test]
fn examples_with_values_stay_where_values_stay() {
    let model = model();
    let sent = brief(
        &Visibility::new(&model, Some(&reader("owners")), true),
        "turnover",
        5_000,
    );
    assert!(sent.text.contains("Harbour"), "{}", sent.text);
    let kept = brief(
        &Visibility::new(&model, Some(&reader("owners")), false),
        "turnover",
        5_000,
    );
    assert!(kept.text.contains("Q: Turnover by area") && !kept.text.contains("Harbour"));
}

#[test]
fn a_briefing_keeps_to_its_budget_and_begins_with_what_is_named() {
    let model = model();
    let owner = Visibility::new(&model, Some(&reader("owners")), true);
    let library = Library::new(&owner);
    for tokens in [0, 20, 60, 150, 400] {
        let wanted = Wanted {
            question: "turnover of Harbour".into(),
            fields: vec![FieldRef::new("shops", "area")],
            values: vec![KnownValue {
                said: "Harbour".into(),
                field: FieldRef::new("shops", "area"),
                value: "Harbour".into(),
                id: None,
            }],
            ..Wanted::default()
        };
        let measure = |text: &str| text.len().div_ceil(3) as u64;
        let told = library.brief(
            &wanted,
            &Ground::default(),
            None,
            Budget { tokens, measure },
        );
        // Titles of sections and line ends come on top of the lines that are counted.
        assert!(
            measure(&told.text) <= tokens + 40,
            "{tokens}: {}",
            told.text
        );
        if tokens >= 60 {
            assert!(
                told.fields.contains(&FieldRef::new("shops", "area")),
                "{}",
                told.text
            );
            assert!(told.left_out > 0 || tokens >= 150);
        }
    }
}

#[test]
fn synonyms_and_parts_of_words_find_a_metric() {
    let model = model();
    let owner = Visibility::new(&model, Some(&reader("owners")), true);
    let library = Library::new(&owner);
    for question in ["turnover last month", "turnovers", "profitable areas"] {
        let first = library
            .rank(question, None)
            .into_iter()
            .find_map(|e| match &e.kind {
                Kind::Metric(name) => Some(name.clone()),
                _ => None,
            });
        let expected = if question.starts_with("turnover") {
            "takings"
        } else {
            "margin"
        };
        assert_eq!(first.as_deref(), Some(expected), "{question}");
    }
}
