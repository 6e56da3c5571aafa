use super::write::Readers;
use super::*;
use crate::*;
use proptest::prelude::*;

fn shop() -> (Vec<Dataset>, Vec<Relationship>) {
    let dataset = |name: &str, fields: &[(&str, DataType)], key: &str| Dataset {
        fields: fields.iter().map(|(n, t)| Field::column(*n, *t)).collect(),
        primary_key: vec![key.into()],
        ..Dataset::new(name, vec![name.into()])
    };
    use DataType::{Boolean, Date, Decimal, Integer, Text};
    let datasets = vec![
        dataset(
            "lines",
            &[
                ("line_id", Integer),
                ("order_id", Integer),
                ("price", Decimal),
                ("quantity", Integer),
                ("gift", Boolean),
            ],
            "line_id",
        ),
        dataset(
            "orders",
            &[
                ("order_id", Integer),
                ("order_date", Date),
                ("ship_date", Date),
                ("status", Text),
            ],
            "order_id",
        ),
        dataset(
            "returns",
            &[("return_id", Integer), ("units", Integer)],
            "return_id",
        ),
    ];
    let relationships = vec![Relationship {
        name: "lines_to_orders".into(),
        from: "lines".into(),
        to: "orders".into(),
        from_fields: vec!["order_id".into()],
        to_fields: vec!["order_id".into()],
        unique: true,
        ..Relationship::default()
    }];
    (datasets, relationships)
}

/// Formulas as people write them → what is understood, or the code of the refusal.
#[test]
fn formulas_are_read_or_refused() {
    let (datasets, relationships) = shop();
    let metrics = vec!["revenue".to_string(), "orders_placed".to_string()];
    let names = Names {
        metrics: &metrics,
        ..Names::of(&datasets)
    };
    for line in include_str!("../../../../suites/expressions/metrics.tsv")
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
    {
        let (text, expected) = line.split_once('\t').expect(line);
        let got = match metric(text, &names, &relationships) {
            Ok(tree) => {
                tree_text(&tree, Readers::All).unwrap_or_else(|| "read, but no plain SQL".into())
            }
            Err(e) => format!("! {}", e.code),
        };
        assert_eq!(got, expected, "{text}");
    }
}

#[test]
fn conditions_are_read_or_refused() {
    let (datasets, _) = shop();
    let names = Names::of(&datasets).within("orders");
    for line in include_str!("../../../../suites/expressions/conditions.tsv")
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
    {
        let (text, expected) = line.split_once('\t').expect(line);
        let home = &datasets[1];
        let got = match condition(text, &names) {
            Ok(filter) => {
                condition_text(&filter, "orders", Readers::Us { home, own: None }).expect("text")
            }
            Err(e) => format!("! {}", e.code),
        };
        assert_eq!(got, expected, "{text}");
    }
}

#[test]
fn every_word_of_sql_can_be_a_name() {
    let mut misread = Vec::new();
    for word in sqlparser::keywords::ALL_KEYWORDS {
        let name = word.to_lowercase();
        let datasets = [Dataset {
            fields: vec![
                Field::column(&name, DataType::Integer),
                Field::column("other", DataType::Integer),
            ],
            ..Dataset::new(&name, vec!["t".into()])
        }];
        let text = |readers| {
            let field = FieldRef::new(&name, &name);
            let sum = Expression::Case {
                branches: vec![CaseBranch {
                    when: RowFilter::And(vec![
                        RowFilter::IsNull {
                            field: field.clone(),
                        },
                        RowFilter::CompareFields {
                            left: field.clone(),
                            op: Operator::Lt,
                            right: field,
                        },
                    ]),
                    then: Expression::Add(vec![
                        Expression::Field(name.clone()),
                        Expression::Field("other".into()),
                        Expression::Field(name.clone()),
                    ]),
                }],
                otherwise: Some(Box::new(Expression::Field(name.clone()))),
            };
            (row_text(&sum, &name, readers).expect("text"), sum)
        };
        let home = &datasets[0];
        for readers in [Readers::All, Readers::Us { home, own: None }] {
            let (text, sum) = text(readers);
            if row(&text, &Names::of(&datasets).within(&name)) != Ok(sum) {
                misread.push(name.clone());
            }
        }
    }
    assert!(misread.is_empty(), "{misread:?}");
    assert_eq!(super::write::identifier("order"), "\"order\"");
}

fn field() -> impl Strategy<Value = FieldRef> {
    prop::sample::select(vec![
        FieldRef::new("lines", "price"),
        FieldRef::new("lines", "quantity"),
        FieldRef::new("orders", "status"),
        FieldRef {
            via: Some("lines_to_orders".into()),
            ..FieldRef::new("orders", "order_date")
        },
    ])
}

fn literals() -> impl Strategy<Value = Literal> {
    prop_oneof![
        any::<bool>().prop_map(Literal::Bool),
        any::<i32>().prop_map(|n| Literal::Integer(i64::from(n))),
        (-1e6..1e6f64).prop_map(Literal::Number),
        "[a-z'\\\\\"% é]{0,6}".prop_map(Literal::Text),
    ]
}

fn operators() -> impl Strategy<Value = Operator> {
    use Operator::{Eq, Ge, Gt, Le, Lt, Ne};
    prop::sample::select(vec![Eq, Ne, Lt, Le, Gt, Ge])
}

fn filters() -> impl Strategy<Value = RowFilter> {
    let leaf =
        prop_oneof![
            (field(), operators(), literals()).prop_map(|(field, op, value)| RowFilter::Compare {
                field,
                op,
                value
            }),
            (field(), operators(), field())
                .prop_map(|(left, op, right)| RowFilter::CompareFields { left, op, right }),
            (field(), prop::collection::vec(literals(), 1..4))
                .prop_map(|(field, values)| RowFilter::In { field, values }),
            field().prop_map(|field| RowFilter::IsNull { field }),
            (field(), operators(), -900i64..900).prop_map(|(field, op, days)| RowFilter::Age {
                field,
                op,
                days
            }),
            (field(), "[a-z_]{1,8}")
                .prop_map(|(field, attribute)| RowFilter::UserAttribute { field, attribute }),
            Just(RowFilter::And(Vec::new())),
            Just(RowFilter::Or(Vec::new())),
        ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(RowFilter::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(RowFilter::Or),
            inner.prop_map(|f| RowFilter::Not(Box::new(f))),
        ]
    })
}

fn is_date(e: &Expression) -> bool {
    match e {
        Expression::DateOf(_) => true,
        Expression::Lookup(f) => f.field == "order_date",
        _ => false,
    }
}

fn rows() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![
        Just(Expression::Field("price".into())),
        Just(Expression::Column("price".into())),
        Just(Expression::Column("Unit Price".into())),
        field()
            .prop_filter("a look-up", |f| f.dataset != "lines")
            .prop_map(Expression::Lookup),
        (-1e6..1e6f64).prop_map(Expression::Number),
        "[a-z'\\\\]{0,6}".prop_map(Expression::Text),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let some = || prop::collection::vec(inner.clone(), 2..4);
        let one = || inner.clone().prop_map(Box::new);
        prop_oneof![
            some().prop_map(Expression::Add),
            some().prop_map(Expression::Multiply),
            some().prop_map(Expression::Coalesce),
            (one(), one())
                // The difference of two dates is a number of days.
                .prop_filter("numbers", |(a, b)| !(is_date(a) && is_date(b)))
                .prop_map(|(a, b)| Expression::Subtract(a, b)),
            (one(), one()).prop_map(|(a, b)| Expression::Divide(a, b)),
            (one(), one()).prop_map(|(from, to)| Expression::DaysBetween { from, to }),
            one().prop_map(Expression::Absolute),
            one().prop_map(Expression::DateOf),
            (" |, |-", some())
                .prop_map(|(separator, parts)| Expression::Concatenate { separator, parts }),
            one().prop_map(|of| Expression::Address {
                of,
                part: AddressPart::City
            }),
            (
                prop::collection::vec((filters(), inner.clone()), 1..3),
                prop::option::of(one())
            )
                .prop_map(|(branches, otherwise)| Expression::Case {
                    branches: branches
                        .into_iter()
                        .map(|(when, then)| CaseBranch { when, then })
                        .collect(),
                    otherwise
                }),
        ]
    })
}

proptest! {
    #[test]
    fn conditions_survive_their_text(filter in filters()) {
        let (datasets, _) = shop();
        let home = &datasets[0];
        let text = condition_text(&filter, "lines", Readers::Us { home, own: None })
            .expect("we can write all of them");
        let back = condition(&text, &Names::of(&datasets).within("lines"));
        prop_assert_eq!(back, Ok(filter), "{}", text);
    }

    #[test]
    fn rows_survive_their_text(e in rows()) {
        let (datasets, _) = shop();
        let home = &datasets[0];
        let text = row_text(&e, "lines", Readers::Us { home, own: None })
            .expect("we can write all of them");
        let names = Names { columns: Columns::Physical, ..Names::of(&datasets).within("lines") };
        prop_assert_eq!(row(&text, &names), Ok(e), "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        let (datasets, relationships) = shop();
        let names = Names::of(&datasets);
        let _ = metric(&text, &names, &relationships);
        let _ = condition(&text, &names.within("lines"));
    }
}
