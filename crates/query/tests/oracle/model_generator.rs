//! Random models: up to six tables in chains, stars, bridges, diamonds, with several facts,
//! role-playing links, links of a table to itself, keys that are missing, and metrics of every
//! kind.

use crate::random::Random;
use crate::value::ColumnType;
use semantics::{
    Additivity, Aggregation, Calendar, CalendarKind, Closures, ComparableMethod, ComparableRule,
    CumulativeWindow, DataType, Dataset, Empty, Event, EventDates, Expression, Field,
    FieldCurrency, FieldRef, Fill, Fiscal, Length, Literal, Membership, Metric, MetricExpression,
    MetricKind, MissingSnapshot, Model, Operator, Pick, Relationship, Role, RowFilter,
    SemiAdditive, TimeUnit, Validity, Week53, WeekPattern, YearEndRule, YearNaming,
};

const NAMES: [&str; 10] = [
    "regions",
    "stores",
    "brands",
    "products",
    "customers",
    "tags",
    "orders",
    "lines",
    "returns",
    "visits",
];

/// A physical column and how it is filled.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    /// 1, 2, 3, …
    Key,
    /// First day on which a version of a row holds.
    ValidFrom,
    /// Where it ends; NULL where it still holds.
    ValidTo,
    /// Keys of the rows of a dataset, some missing, some NULL; `part` is the position in a
    /// key of several columns.
    Reference {
        relationship: usize,
        part: usize,
    },
    /// One of a few words.
    Word,
    /// A word of its own for each row.
    UniqueWord,
    /// A small whole number.
    Whole,
    /// One of a few items that are counted again and again.
    Item,
    /// Money.
    Money,
    /// A float that adds up without rounding.
    Quarters,
    Day,
    Time,
    Flag,
    /// One of a few currencies.
    Currency,
}

/// Codes of currencies.
pub(crate) const CURRENCIES: [&str; 3] = ["EUR", "USD", "GBP"];

/// A column to be made.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: ColumnType,
    pub(crate) fill: Content,
}

/// A model and how its tables are filled.
#[derive(Debug, Clone)]
pub(crate) struct Design {
    pub(crate) model: Model,
    /// For each dataset, in the order of the model.
    pub(crate) columns: Vec<Vec<Column>>,
}

fn field(
    name: &str,
    expression: Expression,
    kind: DataType,
    role: Role,
    adds: Additivity,
) -> Field {
    Field {
        name: name.to_string(),
        label: name.to_string(),
        expression,
        data_type: kind,
        role,
        additivity: adds,
        ..Field::default()
    }
}

fn own(name: &str) -> Expression {
    Expression::Field(name.to_string())
}

pub(crate) fn design(random: &mut Random) -> Design {
    let n = 1 + random.below(6);
    let mut names: Vec<&str> = NAMES.to_vec();
    random.shuffle(&mut names);
    names.truncate(n);
    // Columns of names with capitals and blanks, as spreadsheets have them.
    let fancy: Vec<bool> = (0..n).map(|_| random.chance(15)).collect();
    let physical = |dataset: usize, name: &str| {
        if fancy[dataset] {
            format!("{} {name}", NAMES[dataset])
        } else {
            name.to_string()
        }
    };
    let mut columns: Vec<Vec<Column>> = vec![Vec::new(); n];
    let mut datasets: Vec<Dataset> = Vec::new();
    for i in 0..n {
        let text_key = random.chance(15);
        // What changes over time: a row for each version, one of which holds at a time.
        let versioned = i < n - 1 && random.chance(18);
        let two_part_key = !text_key && !versioned && random.chance(12);
        // Stock: a row for each item and day on which it was counted.
        let counted = i == n - 1 && random.chance(30);
        let mut fields: Vec<Field> = Vec::new();
        let put = |columns: &mut Vec<Column>,
                   fields: &mut Vec<Field>,
                   name: &str,
                   kind: ColumnType,
                   fill: Content,
                   role: Role,
                   adds: Additivity| {
            let column = physical(i, name);
            columns.push(Column {
                name: column.clone(),
                kind,
                fill,
            });
            let logical = match kind {
                ColumnType::Integer => DataType::Integer,
                ColumnType::Decimal => DataType::Decimal,
                ColumnType::Float => DataType::Float,
                ColumnType::Text => DataType::Text,
                ColumnType::Date => DataType::Date,
                ColumnType::Timestamp => DataType::Timestamp,
                ColumnType::Boolean => DataType::Boolean,
            };
            fields.push(field(name, Expression::Column(column), logical, role, adds));
        };
        let c = &mut columns[i];
        if text_key {
            put(
                c,
                &mut fields,
                "id",
                ColumnType::Text,
                Content::UniqueWord,
                Role::Id,
                Additivity::Non,
            );
        } else {
            put(
                c,
                &mut fields,
                "id",
                ColumnType::Integer,
                Content::Key,
                Role::Id,
                Additivity::Non,
            );
        }
        if two_part_key {
            put(
                c,
                &mut fields,
                "site",
                ColumnType::Integer,
                Content::Key,
                Role::Id,
                Additivity::Non,
            );
        }
        put(
            c,
            &mut fields,
            "kind",
            ColumnType::Text,
            Content::Word,
            Role::Dimension,
            Additivity::Non,
        );
        if random.chance(60) {
            put(
                c,
                &mut fields,
                "place",
                ColumnType::Text,
                Content::Word,
                Role::Dimension,
                Additivity::Non,
            );
        }
        if random.chance(70) {
            put(
                c,
                &mut fields,
                "quantity",
                ColumnType::Integer,
                Content::Whole,
                Role::Measure,
                Additivity::Additive,
            );
        }
        if random.chance(80) {
            put(
                c,
                &mut fields,
                "amount",
                ColumnType::Decimal,
                Content::Money,
                Role::Measure,
                Additivity::Additive,
            );
        }
        if random.chance(30) {
            put(
                c,
                &mut fields,
                "price",
                ColumnType::Decimal,
                Content::Money,
                Role::Measure,
                Additivity::Non,
            );
        }
        if random.chance(20) {
            put(
                c,
                &mut fields,
                "weight",
                ColumnType::Float,
                Content::Quarters,
                Role::Measure,
                Additivity::Additive,
            );
        }
        if counted {
            put(
                c,
                &mut fields,
                "item",
                ColumnType::Integer,
                Content::Item,
                Role::Id,
                Additivity::Non,
            );
        }
        if versioned {
            for (name, fill) in [("since", Content::ValidFrom), ("until", Content::ValidTo)] {
                put(
                    c,
                    &mut fields,
                    name,
                    ColumnType::Date,
                    fill,
                    Role::Time,
                    Additivity::Non,
                );
            }
        }
        let mut event_time = None;
        let dated = match (i == n - 1, versioned) {
            (true, _) => 95,
            (_, true) => 12,
            _ => 55,
        };
        if counted || random.chance(dated) {
            let timed = random.chance(38);
            let (kind, fill) = if timed {
                (ColumnType::Timestamp, Content::Time)
            } else {
                (ColumnType::Date, Content::Day)
            };
            put(
                c,
                &mut fields,
                "day",
                kind,
                fill,
                Role::Time,
                Additivity::Non,
            );
            event_time = Some("day".to_string());
            if random.chance(40) {
                put(
                    c,
                    &mut fields,
                    "due",
                    ColumnType::Date,
                    Content::Day,
                    Role::Time,
                    Additivity::Non,
                );
            }
        }
        if random.chance(25) {
            put(
                c,
                &mut fields,
                "flag",
                ColumnType::Boolean,
                Content::Flag,
                Role::Dimension,
                Additivity::Non,
            );
        }
        let has = |fields: &[Field], name: &str| fields.iter().any(|f| f.name == name);
        if has(&fields, "quantity") && has(&fields, "amount") && random.chance(50) {
            fields.push(field(
                "total",
                Expression::Multiply(vec![own("quantity"), own("amount")]),
                DataType::Decimal,
                Role::Measure,
                Additivity::Additive,
            ));
        }
        if has(&fields, "amount") && has(&fields, "price") && random.chance(50) {
            fields.push(field(
                "margin",
                Expression::Subtract(Box::new(own("amount")), Box::new(own("price"))),
                DataType::Decimal,
                Role::Measure,
                Additivity::Additive,
            ));
        }
        if has(&fields, "due") && random.chance(60) {
            fields.push(field(
                "wait",
                Expression::DaysBetween {
                    from: Box::new(own("day")),
                    to: Box::new(own("due")),
                },
                DataType::Integer,
                Role::Measure,
                Additivity::Non,
            ));
        }
        if has(&fields, "place") && random.chance(30) {
            fields.push(field(
                "title",
                Expression::Concatenate {
                    separator: " / ".into(),
                    parts: vec![own("kind"), own("place")],
                },
                DataType::Text,
                Role::Dimension,
                Additivity::Non,
            ));
        }
        let mut primary_key = vec!["id".to_string()];
        if two_part_key {
            primary_key.push("site".into());
        }
        if counted {
            primary_key = vec!["item".into(), "day".into()];
        }
        if versioned {
            primary_key.push("since".into());
        }
        datasets.push(Dataset {
            entity: names[i].to_string(),
            primary_key,
            event_time,
            validity: versioned.then(|| Validity {
                from: "since".into(),
                to: "until".into(),
                to_inclusive: random.chance(50),
            }),
            fields,
            ..Dataset::new(names[i], vec![names[i].to_string()])
        });
    }
    let mut relationships: Vec<Relationship> = Vec::new();
    let link = |random: &mut Random,
                datasets: &mut [Dataset],
                columns: &mut [Vec<Column>],
                relationships: &mut Vec<Relationship>,
                from: usize,
                to: usize| {
        let index = relationships.len();
        let name = format!("{}_{}_{index}", datasets[from].name, datasets[to].name);
        // Once in a while the one side is known by something that is not unique. Of the versions of
        // a row one holds at a time, whether or not the model says so.
        let versioned = datasets[to].validity.is_some();
        let unique = !random.chance(if versioned { 70 } else { 7 });
        let keys: Vec<String> = match (versioned, unique) {
            (true, _) => vec!["id".into()],
            (false, true) => datasets[to].primary_key.clone(),
            (false, false) => vec!["kind".into()],
        };
        let mut from_fields = Vec::new();
        for (part, key) in keys.iter().enumerate() {
            let target = columns[to]
                .iter()
                .zip(&datasets[to].fields)
                .find(|(_, f)| &f.name == key)
                .map(|(c, f)| (c.kind, f.data_type));
            let Some((kind, data_type)) = target else {
                continue;
            };
            let name = format!("{}_{key}_{index}", datasets[to].name);
            let column = physical(from, &name);
            columns[from].push(Column {
                name: column.clone(),
                kind,
                fill: Content::Reference {
                    relationship: index,
                    part,
                },
            });
            // Fields of columns come before computed ones, in the order of the columns.
            let at = columns[from].len() - 1;
            datasets[from].fields.insert(
                at,
                field(
                    &name,
                    Expression::Column(column),
                    data_type,
                    Role::Id,
                    Additivity::Non,
                ),
            );
            from_fields.push(name);
        }
        relationships.push(Relationship {
            name,
            from: datasets[from].name.clone(),
            to: datasets[to].name.clone(),
            from_fields,
            to_fields: keys,
            unique,
            ..Relationship::default()
        });
    };
    for from in 1..n {
        let mut targets: Vec<usize> = (0..from).collect();
        random.shuffle(&mut targets);
        let count = if random.chance(10) {
            0
        } else {
            1 + random.below(3.min(from))
        };
        for to in targets.into_iter().take(count) {
            link(
                random,
                &mut datasets,
                &mut columns,
                &mut relationships,
                from,
                to,
            );
            if random.chance(8) {
                // The same table in a second role.
                link(
                    random,
                    &mut datasets,
                    &mut columns,
                    &mut relationships,
                    from,
                    to,
                );
            }
        }
    }
    if random.chance(15) {
        let one = random.below(n);
        link(
            random,
            &mut datasets,
            &mut columns,
            &mut relationships,
            one,
            one,
        );
    }
    for dataset in &mut datasets {
        let pointed_at = relationships
            .iter()
            .any(|r| r.unique && r.to == dataset.name);
        let looked_up = relationships.iter().any(|r| r.to == dataset.name);
        // Orders are facts too, although their lines look them up.
        dataset.is_fact = !looked_up || random.chance(15);
        if random.chance(7) {
            let filter = row_filter(random, dataset, 1);
            dataset.default_filters = vec![RowFilter::Not(Box::new(filter))];
        }
        let counted = dataset.field("item").is_some();
        let keyless = !pointed_at && !counted && dataset.validity.is_none();
        if keyless && random.chance(20) {
            dataset.primary_key.clear();
        }
    }
    if random.chance(12) {
        for i in 0..n {
            if datasets[i].field("amount").is_none() {
                continue;
            }
            let told = random.chance(50);
            if told {
                let column = physical(i, "currency");
                columns[i].push(Column {
                    name: column.clone(),
                    kind: ColumnType::Text,
                    fill: Content::Currency,
                });
                let at = columns[i].len() - 1;
                let kind = DataType::Text;
                let expression = Expression::Column(column);
                let told = field(
                    "currency",
                    expression,
                    kind,
                    Role::Dimension,
                    Additivity::Non,
                );
                datasets[i].fields.insert(at, told);
            }
            let currency = match told {
                true => FieldCurrency::Field(FieldRef::new(&datasets[i].name, "currency")),
                false => FieldCurrency::Code((*random.pick(&CURRENCIES)).to_string()),
            };
            for field in &mut datasets[i].fields {
                if field.name == "amount" || field.name == "price" && random.chance(50) {
                    field.currency = Some(currency.clone());
                }
            }
        }
    }
    let metrics = metrics(random, &datasets);
    let comp_rules = comparable(random, &datasets);
    let model = Model {
        name: "random".into(),
        datasets,
        relationships,
        metrics,
        week_start: *random.pick(&[1, 1, 7, 3]),
        fiscal: random.chance(40).then(|| Fiscal {
            first_month: random.between(2, 12) as u8,
            named_by: YearNaming::End,
        }),
        calendars: (0..*random.pick(&[0, 1, 1, 2]))
            .map(|i| calendar(random, i))
            .collect(),
        comp_rules,
        events: if random.chance(50) {
            events()
        } else {
            Vec::new()
        },
        ..Model::default()
    };
    Design { model, columns }
}

/// A calendar of whole weeks; often one whose year ends in winter, when years of 53 weeks end in
/// the data.
fn calendar(random: &mut Random, number: usize) -> Calendar {
    let mut calendar = Calendar::nrf(format!("weeks {number}"));
    if random.chance(60) {
        calendar.kind = CalendarKind::Weeks {
            pattern: *random.pick(&[
                WeekPattern::FourFiveFour,
                WeekPattern::FourFourFive,
                WeekPattern::FiveFourFour,
            ]),
            end_month: *random.pick(&[1, 1, 2, 6, 12, 12]),
            end_weekday: random.between(1, 7) as u8,
            end_rule: *random.pick(&[YearEndRule::Nearest, YearEndRule::Last]),
            named_by: YearNaming::Start,
        };
    }
    calendar.week_53 = *random.pick(&[Week53::Restated, Week53::SameFiscalWeek]);
    calendar
}

/// A comparable-store policy over a dataset whose rows begin on a day.
fn comparable(random: &mut Random, datasets: &[Dataset]) -> Vec<ComparableRule> {
    let stores: Vec<&Dataset> = datasets
        .iter()
        .filter(|d| d.field("day").is_some())
        .collect();
    let Some(home) = random.pick_from(&stores) else {
        return Vec::new();
    };
    let of = |name: &str| FieldRef::new(&home.name, name);
    let due = home.field("due").map(|_| of("due"));
    let moved = due.clone().filter(|_| random.chance(50));
    let kept = [Membership::Keep, Membership::Exclude];
    vec![ComparableRule {
        name: "like for like".into(),
        store: of("id"),
        opened: of("day"),
        closed: due.filter(|_| moved.is_none()),
        relocated: moved,
        min_age: Length {
            count: random.between(0, 14) as u32,
            unit: *random.pick(&[TimeUnit::Month, TimeUnit::Week, TimeUnit::Day]),
        },
        method: match random.chance(4) {
            true => ComparableMethod::DayByDay,
            false => ComparableMethod::OpenInBothPeriods,
        },
        closures: *random.pick(&[Closures::Keep, Closures::ExcludeFromFirstClosedDay]),
        relocation: *random.pick(&kept),
        online: *random.pick(&kept),
        online_stores: home.field("flag").map(|_| RowFilter::Compare {
            field: of("flag"),
            op: Operator::Eq,
            value: Literal::Bool(true),
        }),
    }]
}

/// What an empty side of a ratio and a small denominator mean.
fn read_otherwise(random: &mut Random, rate: &mut Metric) {
    if random.chance(25) {
        rate.numerator_empty = Empty::Zero;
    }
    if random.chance(20) {
        rate.min_denominator = Some(*random.pick(&[1.0, 2.0, 10.5]));
    }
}

/// Arithmetic over metrics.
fn formula(random: &mut Random, metrics: &[Metric], depth: usize) -> MetricExpression {
    let metric = |random: &mut Random| MetricExpression::Metric(random.pick(metrics).name.clone());
    if depth == 0 {
        return metric(random);
    }
    let mut part = || formula(random, metrics, depth - 1);
    let (a, b) = (part(), part());
    match random.below(6) {
        0 => MetricExpression::Add(vec![a, b]),
        1 => MetricExpression::Subtract(Box::new(a), Box::new(b)),
        2 => MetricExpression::Multiply(vec![a, MetricExpression::Number(1.5)]),
        3 => MetricExpression::Divide(Box::new(a), Box::new(b)),
        4 => MetricExpression::Coalesce(vec![a, MetricExpression::Number(0.0)]),
        _ => metric(random),
    }
}

/// How a level is read over time; mostly as what was counted last.
fn level(random: &mut Random) -> Option<SemiAdditive> {
    if random.chance(35) {
        return None;
    }
    Some(SemiAdditive {
        non_additive_over: None,
        pick: *random.pick(&[
            Pick::Last,
            Pick::Last,
            Pick::First,
            Pick::Average,
            Pick::Min,
            Pick::Max,
        ]),
        missing: *random.pick(&[
            MissingSnapshot::AsOf,
            MissingSnapshot::AsOf,
            MissingSnapshot::Skip,
            MissingSnapshot::Zero,
        ]),
        max_age: random.chance(30).then(|| Length {
            count: random.between(1, 40) as u32,
            unit: *random.pick(&[TimeUnit::Day, TimeUnit::Week, TimeUnit::Month]),
        }),
    })
}

/// Holidays that move, and a campaign.
fn events() -> Vec<Event> {
    let event = |name: &str, dates, days_before, days_after| Event {
        name: name.into(),
        synonyms: Vec::new(),
        dates,
        days_before,
        days_after,
    };
    let campaign = ["2023-02-27", "2024-02-28", "2025-02-27"].map(String::from);
    vec![
        event("easter", EventDates::Easter, 7, 1),
        event("black friday", EventDates::BlackFriday, 0, 3),
        event("campaign", EventDates::Listed(campaign.to_vec()), 2, 5),
    ]
}

/// A condition on the rows of a dataset.
pub(crate) fn row_filter(random: &mut Random, home: &Dataset, depth: usize) -> RowFilter {
    let of = |name: &str| FieldRef::new(&home.name, name);
    let word = |random: &mut Random| (*random.pick(&crate::data_generator::WORDS)).to_string();
    match random.below(if depth > 0 { 9 } else { 6 }) {
        0 => RowFilter::IsNull { field: of("kind") },
        1 if home.field("place").is_some() => RowFilter::CompareFields {
            left: of("kind"),
            op: *random.pick(&[Operator::Eq, Operator::Ne, Operator::Lt]),
            right: of("place"),
        },
        2 if home.field("quantity").is_some() => RowFilter::Compare {
            field: of("quantity"),
            op: *random.pick(&[Operator::Ge, Operator::Lt, Operator::Ne]),
            value: Literal::Integer(2),
        },
        3 if home.field("amount").is_some() => RowFilter::Compare {
            field: of("amount"),
            op: *random.pick(&[Operator::Gt, Operator::Le]),
            value: Literal::Number(10.5),
        },
        6 => RowFilter::Not(Box::new(row_filter(random, home, depth - 1))),
        7 => RowFilter::Or(vec![
            row_filter(random, home, depth - 1),
            row_filter(random, home, depth - 1),
        ]),
        8 => RowFilter::And(vec![
            row_filter(random, home, depth - 1),
            row_filter(random, home, depth - 1),
        ]),
        _ => {
            let words = [word(random), word(random), word(random)];
            RowFilter::one_of(of("kind"), &words[..1 + random.below(3)])
        }
    }
}

fn metrics(random: &mut Random, datasets: &[Dataset]) -> Vec<Metric> {
    let mut metrics: Vec<Metric> = Vec::new();
    let put = |metrics: &mut Vec<Metric>, kind: MetricKind, adds: Additivity, time| {
        let name = format!("m{}", metrics.len());
        metrics.push(Metric {
            additivity: adds,
            time_field: time,
            ..Metric::new(name, kind)
        });
    };
    for _ in 0..3 + random.below(5) {
        // Most numbers are of the tables that look up others.
        let dataset = if random.chance(60) {
            datasets.len() - 1 - random.below(datasets.len().min(2))
        } else {
            random.below(datasets.len())
        };
        let home = &datasets[dataset];
        let numbers: Vec<&Field> = home
            .fields
            .iter()
            .filter(|f| f.role == Role::Measure && f.data_type.is_numeric())
            .collect();
        let additive: Vec<&Field> = numbers
            .iter()
            .copied()
            .filter(|f| f.additivity == Additivity::Additive)
            .collect();
        let filter = if random.chance(20) {
            Some(row_filter(random, home, 1))
        } else {
            None
        };
        let due = home.field("due").is_some();
        let time = if due && random.chance(15) {
            Some(FieldRef::new(&home.name, "due"))
        } else {
            None
        };
        let stock: Vec<&Field> = additive
            .iter()
            .copied()
            .filter(|_| home.field("item").is_some())
            .collect();
        if !stock.is_empty() && random.chance(55) {
            let name = random.pick(&stock).name.clone();
            let kind = MetricKind::Simple {
                dataset: home.name.clone(),
                aggregation: Aggregation::Sum,
                expression: Some(own(&name)),
                filter,
            };
            let read = level(random);
            put(&mut metrics, kind, Additivity::Semi, None);
            if let Some(last) = metrics.last_mut() {
                last.semi_additive = read;
            }
            continue;
        }
        let roll = random.below(100);
        let (aggregation, expression, adds) = if roll < 45 && !additive.is_empty() {
            let name = random.pick(&additive).name.clone();
            let expression = if random.chance(15) {
                Expression::Multiply(vec![own(&name), Expression::Number(2.0)])
            } else if random.chance(10) {
                Expression::Add(vec![own(&name), own(&random.pick(&additive).name.clone())])
            } else {
                own(&name)
            };
            (Aggregation::Sum, Some(expression), Additivity::Additive)
        } else if roll < 60 {
            (Aggregation::Count, None, Additivity::Additive)
        } else if roll < 72 {
            let any = random.pick(&home.fields).name.clone();
            (Aggregation::CountDistinct, Some(own(&any)), Additivity::Non)
        } else if roll < 90 && !numbers.is_empty() {
            let name = random.pick(&numbers).name.clone();
            let how = *random.pick(&[
                Aggregation::Average,
                Aggregation::Min,
                Aggregation::Max,
                Aggregation::Median,
            ]);
            (how, Some(own(&name)), Additivity::Non)
        } else {
            let any = random.pick(&home.fields).name.clone();
            (Aggregation::Count, Some(own(&any)), Additivity::Additive)
        };
        let kind = MetricKind::Simple {
            dataset: home.name.clone(),
            aggregation,
            expression,
            filter,
        };
        put(&mut metrics, kind, adds, time);
    }
    for _ in 0..random.below(4) {
        let a = random.pick(&metrics).clone();
        let b = random.pick(&metrics).clone();
        if random.chance(55) {
            let kind = MetricKind::Ratio {
                numerator: a.name,
                denominator: b.name,
            };
            put(&mut metrics, kind, Additivity::Non, None);
            if let Some(rate) = metrics.last_mut() {
                read_otherwise(random, rate);
            }
        } else {
            let adds =
                if a.additivity == Additivity::Additive && b.additivity == Additivity::Additive {
                    Additivity::Additive
                } else {
                    Additivity::Non
                };
            let kind = MetricKind::Difference {
                left: a.name,
                right: b.name,
            };
            put(&mut metrics, kind, adds, None);
        }
    }
    // Formulas, totals over time, and what stands for nothing.
    let simple: Vec<Metric> = metrics.clone();
    if random.chance(35) {
        let expression = formula(random, &simple, 2);
        put(
            &mut metrics,
            MetricKind::Derived { expression },
            Additivity::Non,
            None,
        );
    }
    let summed: Vec<&Metric> = simple
        .iter()
        .filter(|m| m.additivity == Additivity::Additive)
        .collect();
    if !summed.is_empty() && random.chance(20) {
        let kind = MetricKind::Cumulative {
            metric: random.pick(&summed).name.clone(),
            window: *random.pick(&[
                CumulativeWindow::All,
                CumulativeWindow::Trailing(Length {
                    count: 10,
                    unit: TimeUnit::Day,
                }),
            ]),
        };
        put(&mut metrics, kind, Additivity::Non, None);
    }
    for metric in &mut metrics {
        if random.chance(12) {
            metric.fill = *random.pick(&[Fill::Zero, Fill::Zero, Fill::Previous, Fill::Null]);
        }
        if random.chance(8) && metric.additivity == Additivity::Additive {
            metric.empty = Empty::Zero;
        }
    }
    metrics
}
