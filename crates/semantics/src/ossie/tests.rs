use crate::*;
use proptest::prelude::*;
use proptest::sample::select;

fn example() -> Model {
    let read = read(
        Source {
            name: "retail.ossie.yaml",
            text: include_str!("../../../../suites/models/retail.ossie.yaml"),
        },
        Some(Source {
            name: "retail.overlay.yaml",
            text: include_str!("../../../../suites/models/retail.overlay.yaml"),
        }),
    );
    assert!(!read.has_errors(), "{:?}", read.problems);
    read.completed()
}

fn back(out: &Export) -> Model {
    let overlay = (!out.overlay.is_empty()).then_some(Source {
        name: "b.overlay.yaml",
        text: &out.overlay,
    });
    let document = Source {
        name: "b.ossie.yaml",
        text: &out.document,
    };
    let read = read(document, overlay);
    assert!(!read.has_errors(), "{:?}\n{}", read.problems, out.overlay);
    read.completed()
}

#[test]
fn the_example_comes_back_as_it_was() {
    let model = example();
    for fold in [false, true] {
        let out = export(&model, fold).expect("a sound model");
        assert_eq!(back(&out), model);
        // The same model gives the same bytes.
        assert_eq!(export(&model, fold).expect("a sound model"), out);
    }
}

#[test]
fn a_level_is_never_a_bare_sum_for_other_programs() {
    let out = export(&example(), false).expect("a sound model");
    assert!(!out.document.contains("SUM(stock_levels.on_hand)"));
    assert!(!out.document.contains("stock_on_hand"), "{}", out.document);
    // What is made of it is not there either.
    assert!(!out.document.contains("weeks_of_supply"));
    let warned: Vec<&str> = out
        .problems
        .iter()
        .filter(|p| p.code == "level_not_exported")
        .map(|p| p.place.as_str())
        .collect();
    assert_eq!(warned, ["metrics/stock_on_hand", "metrics/weeks_of_supply"]);
}

#[test]
fn what_others_keep_is_carried_along() {
    let text = include_str!("../../../../suites/models/retail.ossie.yaml").replace(
        "      - name: tickets\n",
        "      - name: tickets\n        custom_extensions: [{vendor_name: ELSE, data: '{\"a\": 1}'}]\n",
    );
    let source = Source {
        name: "m",
        text: &text,
    };
    let model = read(source, None).completed();
    let kept = ForeignExtension {
        place: "datasets/tickets".into(),
        vendor_name: "ELSE".into(),
        data: "{\"a\": 1}".into(),
    };
    assert_eq!(model.foreign_extensions, [kept]);
    let out = export(&model, true).expect("a sound model");
    assert_eq!(back(&out), model);
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z_]{0,8}",
        select(vec![
            "order",
            "Unit Price",
            "date",
            "größe",
            "x y",
            "2024",
            "null"
        ])
        .prop_map(str::to_string),
    ]
}

fn field(name: String) -> impl Strategy<Value = Field> {
    let kinds = select(vec![
        DataType::Integer,
        DataType::Decimal,
        DataType::Float,
        DataType::Text,
        DataType::Date,
        DataType::Timestamp,
        DataType::Boolean,
        DataType::Opaque,
    ]);
    let roles = select(vec![
        Role::Id,
        Role::Dimension,
        Role::Measure,
        Role::Time,
        Role::Text,
    ]);
    let units = select(vec![
        Unit::Plain,
        Unit::Fraction,
        Unit::Days,
        Unit::Money(None),
        Unit::Money(Some("GBP".into())),
        Unit::Count("pieces".into()),
        Unit::Count("days".into()),
        Unit::Count("ABC".into()),
    ]);
    let additivity = select(vec![
        Additivity::Additive,
        Additivity::Semi,
        Additivity::Non,
    ]);
    let own = name.clone();
    let expression = prop_oneof![
        Just(Expression::Column(own)),
        words().prop_map(Expression::Column),
        words().prop_map(|c| Expression::Address {
            of: Box::new(Expression::Column(c)),
            part: AddressPart::State
        }),
        words().prop_map(|c| Expression::DateOf(Box::new(Expression::Column(c)))),
    ];
    (
        expression,
        kinds,
        roles,
        units,
        additivity,
        prop::collection::vec("[a-z ]{1,6}", 0..3),
        ("[ -~]{0,12}", any::<bool>(), prop::option::of(0u64..9)),
        prop::option::of("[ -~é]{1,8}"),
    )
        .prop_map(
            move |(
                expression,
                data_type,
                role,
                unit,
                additivity,
                synonyms,
                (description, searchable, distinct),
                text,
            )| {
                let mut synonyms = synonyms;
                synonyms.sort();
                synonyms.dedup();
                Field {
                    name: name.clone(),
                    label: text.clone().unwrap_or_else(|| name.clone()),
                    expression,
                    data_type,
                    role,
                    subject: Subject::Other,
                    additivity,
                    unit,
                    synonyms,
                    description,
                    distinct,
                    searchable,
                    max: text.clone(),
                    evidence: text,
                    ..Field::default()
                }
            },
        )
}

fn fields() -> impl Strategy<Value = Vec<Field>> {
    prop::collection::btree_set("[a-z]{2,8}", 2..6).prop_flat_map(|names| {
        names
            .into_iter()
            .map(|name| field(name).boxed())
            .collect::<Vec<_>>()
    })
}

fn datasets() -> impl Strategy<Value = Vec<Dataset>> {
    let one = |name: &'static str| {
        (
            fields(),
            any::<bool>(),
            any::<bool>(),
            prop::option::of("[ -~]{1,10}"),
            prop::collection::vec(words(), 1..4),
        )
            .prop_map(move |(fields, keyed, fact, evidence, table)| Dataset {
                entity: "thing".into(),
                primary_key: if keyed {
                    vec![fields[0].name.clone()]
                } else {
                    Vec::new()
                },
                grain: vec![fields[1].name.clone()],
                name_field: keyed.then(|| fields[1].name.clone()),
                is_fact: fact,
                rows: fact.then_some(7),
                remarks: evidence.iter().cloned().collect(),
                evidence,
                default_filters: vec![RowFilter::IsNull {
                    field: FieldRef::new(name, fields[0].name.as_str()),
                }],
                fields,
                ..Dataset::new(name, table)
            })
    };
    (one("lines"), one("things")).prop_map(|(a, b)| vec![a, b])
}

/// Metrics over two datasets, of every kind.
fn metrics(datasets: Vec<Dataset>) -> impl Strategy<Value = (Vec<Dataset>, Vec<Metric>)> {
    let (own, other) = (
        datasets[0].fields[0].name.clone(),
        datasets[1].fields[0].name.clone(),
    );
    let aggregations = select(vec![
        Aggregation::Sum,
        Aggregation::Count,
        Aggregation::CountDistinct,
        Aggregation::Average,
        Aggregation::Min,
        Aggregation::Max,
        Aggregation::Median,
        Aggregation::Percentile(7),
        Aggregation::StandardDeviation,
        Aggregation::Variance,
    ]);
    let levels = prop::option::of(Just(SemiAdditive {
        pick: Pick::Average,
        max_age: Some(Length {
            count: 3,
            unit: TimeUnit::Day,
        }),
        ..SemiAdditive::default()
    }));
    let simple = (
        aggregations,
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        levels,
        prop::option::of(any::<bool>()),
    )
        .prop_map(move |(aggregation, looks_up, filtered, rows, level, up)| {
            let expression = match aggregation {
                Aggregation::Count if rows => None,
                _ if looks_up => Some(Expression::Multiply(vec![
                    Expression::Field(own.clone()),
                    Expression::Lookup(FieldRef::new("things", other.as_str())),
                ])),
                _ => Some(Expression::Field(own.clone())),
            };
            let kind = MetricKind::Simple {
                dataset: "lines".into(),
                aggregation,
                expression,
                filter: filtered.then(|| RowFilter::Compare {
                    field: FieldRef::new("lines", own.as_str()),
                    op: Operator::Ge,
                    value: Literal::Number(2.5),
                }),
            };
            Metric {
                additivity: if level.is_some() {
                    Additivity::Semi
                } else {
                    Additivity::Non
                },
                access: if level.is_some() {
                    Access::Private
                } else {
                    Access::Public
                },
                semi_additive: level,
                up_is_good: up,
                empty: Empty::Zero,
                synonyms: vec!["a word".into()],
                ..Metric::new("base", kind)
            }
        });
    (simple, -1e3..1e3f64).prop_map(move |(base, number)| {
        let metric = |name: &str, kind| Metric::new(name, kind);
        let named = |name: &str| MetricExpression::Metric(name.into());
        let all = vec![
            metric(
                "share",
                MetricKind::Ratio {
                    numerator: "base".into(),
                    denominator: "count".into(),
                },
            ),
            base,
            Metric {
                access: Access::Part,
                ..metric(
                    "count",
                    MetricKind::Simple {
                        dataset: "things".into(),
                        aggregation: Aggregation::Count,
                        expression: None,
                        filter: None,
                    },
                )
            },
            metric(
                "gap",
                MetricKind::Difference {
                    left: "base".into(),
                    right: "count".into(),
                },
            ),
            metric(
                "mixed",
                MetricKind::Derived {
                    expression: MetricExpression::Add(vec![
                        MetricExpression::Number(number),
                        MetricExpression::Coalesce(vec![
                            named("base"),
                            MetricExpression::Number(0.0),
                        ]),
                        MetricExpression::Divide(
                            Box::new(MetricExpression::Subtract(
                                Box::new(named("base")),
                                Box::new(named("count")),
                            )),
                            Box::new(MetricExpression::Multiply(vec![
                                named("count"),
                                named("share"),
                            ])),
                        ),
                    ]),
                },
            ),
            metric(
                "running",
                MetricKind::Cumulative {
                    metric: "count".into(),
                    window: CumulativeWindow::ToDate(TimeUnit::Year),
                },
            ),
            metric(
                "grown",
                MetricKind::Growth {
                    metric: "base".into(),
                    offset: Length {
                        count: 1,
                        unit: TimeUnit::Year,
                    },
                    show: Change::Difference,
                    align: PeriodAlignment::Full,
                    calendar: None,
                },
            ),
        ];
        (datasets.clone(), all)
    })
}

fn models() -> impl Strategy<Value = Model> {
    datasets()
        .prop_flat_map(metrics)
        .prop_flat_map(|(datasets, metrics)| {
            (
                Just(datasets),
                Just(metrics),
                any::<bool>(),
                1u8..8,
                prop::option::of("[ -~]{1,9}"),
            )
        })
        .prop_map(|(datasets, metrics, unique, week_start, evidence)| Model {
            name: "random".into(),
            relationships: vec![Relationship {
                name: "line_thing".into(),
                from: "lines".into(),
                to: "things".into(),
                from_fields: vec![datasets[0].fields[1].name.clone()],
                to_fields: vec![datasets[1].fields[0].name.clone()],
                unique,
                role: evidence.clone(),
                evidence,
            }],
            datasets,
            metrics,
            default_metric: unique.then(|| "base".to_string()),
            week_start,
            ..Model::default()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_model_comes_back_as_it_was(model in models(), fold in any::<bool>()) {
        let out = match export(&model, fold) {
            Ok(out) => out,
            Err(problems) => return Err(TestCaseError::fail(format!("{problems:?}"))),
        };
        prop_assert_eq!(back(&out), model);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}", overlay in "\\PC{0,40}") {
        let _ = read(Source { name: "m", text: &text }, Some(Source { name: "o", text: &overlay }));
    }
}
