//! What a column is: its role, subject, unit and additivity.

use super::naming::{label, snake};
use crate::places::{self, PlaceKind};
use crate::{
    Additivity, ColumnProfile, DataType, Expression, Field, Role, Subject, TableProfile, Unit,
};
use std::sync::OnceLock;

struct SubjectRow {
    subject: Subject,
    alternatives: Vec<Vec<&'static str>>,
    synonyms: Vec<&'static str>,
}

fn subjects() -> &'static Vec<SubjectRow> {
    static READ: OnceLock<Vec<SubjectRow>> = OnceLock::new();
    READ.get_or_init(|| {
        include_str!("../../lexicon/subjects.tsv")
            .lines()
            .filter(|l| !l.starts_with('#'))
            .filter_map(|l| {
                let mut cells = l.split('\t');
                let name: String = cells
                    .next()?
                    .chars()
                    .enumerate()
                    .flat_map(|(i, c)| {
                        if c.is_uppercase() && i > 0 {
                            vec!['_', c.to_ascii_lowercase()]
                        } else {
                            vec![c.to_ascii_lowercase()]
                        }
                    })
                    .collect();
                let subject: Subject =
                    serde_json::from_value(serde_json::Value::String(name)).ok()?;
                let alternatives = cells
                    .next()?
                    .split('|')
                    .map(|a| a.split(' ').collect())
                    .collect();
                let synonyms = cells
                    .next()
                    .unwrap_or_default()
                    .split(" | ")
                    .filter(|s| !s.is_empty())
                    .collect();
                Some(SubjectRow {
                    subject,
                    alternatives,
                    synonyms,
                })
            })
            .collect()
    })
}

fn subject_of(words: &[String], data_type: DataType) -> (Subject, Vec<String>) {
    let numeric = data_type.is_numeric();
    // A payment's date is no payment, and the number of a line no item.
    if data_type.is_temporal() || numbers_a_line(words, data_type) {
        return (Subject::Other, Vec::new());
    }
    for row in subjects() {
        if row.subject == Subject::Amount && counts_things(words) {
            continue;
        }
        // A customer's address is no customer, and a state holiday no state: a thing's noun stands
        // last, but for "id", "name" and such.
        let place = matches!(row.subject, Subject::State | Subject::Country);
        let thing = place
            || matches!(
                row.subject,
                Subject::Store
                    | Subject::Product
                    | Subject::Customer
                    | Subject::Employee
                    | Subject::Supplier
            );
        let fits = row.alternatives.iter().any(|words_of| {
            // All words, side by side.
            words.windows(words_of.len()).enumerate().any(|(at, w)| {
                let last = words[at + words_of.len()..].iter().all(|w| {
                    matches!(
                        w.as_str(),
                        "id" | "key" | "code" | "number" | "no" | "name" | "title"
                    ) || row.subject == Subject::Product && w == "description"
                        || place
                            && matches!(
                                w.as_str(),
                                "description"
                                    | "abbreviation"
                                    | "abbr"
                                    | "iso"
                                    | "state"
                                    | "province"
                                    | "county"
                                    | "region"
                                    | "territory"
                            )
                });
                // Where a store is, is no store.
                let whereabouts = words_of[..] == ["location"] && at > 0;
                (last && !whereabouts || !thing)
                    && w.iter()
                        .zip(words_of)
                        .all(|(a, b)| super::naming::singular(a) == super::naming::singular(b))
            })
        });
        let number_subject = is_number(row.subject);
        if fits && (!number_subject || numeric && !names_an_id(words)) {
            return (
                row.subject,
                row.synonyms.iter().map(|s| (*s).to_string()).collect(),
            );
        }
    }
    // "Purchase" as a number is what was paid for it; a plural counts them.
    if numeric && matches!(words, [w] if matches!(w.as_str(), "purchase" | "spend" | "spent")) {
        let names = ["amount", "value", "purchase amount", "spend", "revenue"];
        return (
            Subject::Amount,
            names.iter().map(|s| (*s).to_string()).collect(),
        );
    }
    if numeric && let Some(noun) = pieces_sold(words) {
        return (
            Subject::Quantity,
            vec![noun.clone(), format!("{noun} sold"), "unit".into()],
        );
    }
    (Subject::Other, Vec::new())
}

/// What people call a level of stock.
pub(super) fn level_names() -> Vec<String> {
    subjects()
        .iter()
        .find(|row| row.subject == Subject::Stock)
        .map(|row| row.synonyms.iter().map(|s| (*s).to_string()).collect())
        .unwrap_or_default()
}

/// "Bottles sold", "tickets sold": how many of them, under the noun that they are counted by.
fn pieces_sold(words: &[String]) -> Option<String> {
    let [noun, sold] = words else { return None };
    let one = super::naming::singular(noun);
    (sold == "sold" && one != *noun && one != "sale").then_some(one)
}

/// "Total children", "total items": how many there are, and no money.
fn counts_things(words: &[String]) -> bool {
    const MONEY: &[&str] = &[
        "earnings", "takings", "savings", "proceeds", "fees", "costs", "charges", "receipts",
        "payments", "taxes", "dollars", "euros", "refunds", "profits", "revenues", "prices",
        "amounts", "sales",
    ];
    let [total, .., last] = words else {
        return false;
    };
    let plural = super::naming::singular(last) != *last
        || matches!(
            last.as_str(),
            "children" | "people" | "persons" | "women" | "men"
        );
    total == "total" && plural && !MONEY.contains(&last.as_str())
}

/// Whether a name says that a column holds amounts, quantities or the like.
pub(super) fn names_a_number(words: &[String], data_type: DataType) -> bool {
    is_number(subject_of(words, data_type).0)
}

/// Whether a name says that a column holds a level, which stands until the next one.
pub(super) fn names_a_level(words: &[String], data_type: DataType) -> bool {
    matches!(
        subject_of(words, data_type).0,
        Subject::Stock | Subject::Balance
    )
}

fn is_number(subject: Subject) -> bool {
    matches!(
        subject,
        Subject::ReorderLevel
            | Subject::Stock
            | Subject::Discount
            | Subject::Tax
            | Subject::Freight
            | Subject::Profit
            | Subject::ListPrice
            | Subject::UnitPrice
            | Subject::Cost
            | Subject::Quantity
            | Subject::Amount
            | Subject::Rating
            | Subject::Balance
            | Subject::Duration
    )
}

/// Whether a word is the name of a currency at the end of a column's name ("unit cost usd").
pub(super) fn is_currency(word: &str) -> bool {
    const CURRENCIES: &[&str] = &[
        "usd", "eur", "gbp", "inr", "cad", "aud", "chf", "jpy", "dollar", "dollars", "euro",
        "euros",
    ];
    CURRENCIES.contains(&word)
}

/// Whether a subject is a thing or a class, of which a number is a code.
pub(super) fn is_thing(subject: Subject) -> bool {
    matches!(
        subject,
        Subject::Store
            | Subject::Product
            | Subject::Category
            | Subject::Subcategory
            | Subject::Brand
            | Subject::Customer
            | Subject::Employee
            | Subject::Supplier
            | Subject::Region
            | Subject::State
            | Subject::City
            | Subject::Country
            | Subject::Segment
            | Subject::Channel
            | Subject::Shipper
            | Subject::Status
    )
}

/// The number of a line within its order ("line item", "order line number").
fn numbers_a_line(words: &[String], data_type: DataType) -> bool {
    data_type == DataType::Integer
        && words.len() <= 3
        && words
            .windows(2)
            .last()
            .is_some_and(|w| w[0] == "line" && matches!(w[1].as_str(), "item" | "number" | "no"))
}

/// Words of a yes or no that are sure of it however few rows there are.
const STATES: &[&str] = &["active", "enabled", "deleted", "discontinued", "current"];

/// Most values of a column of classes.
const CLASSES: u64 = 200;

/// "Store 17", "department 8": whole numbers under the bare noun of a thing. A plural counts things,
/// and an area is measured.
fn numbered_thing(column: &ColumnProfile, words: &[String], subject: Subject) -> bool {
    // "Occupation 7", "cluster 13", "product category 1": classes that go by a number.
    let class = |w: &String| {
        matches!(
            w.as_str(),
            "occupation"
                | "cluster"
                | "class"
                | "group"
                | "tier"
                | "type"
                | "category"
                | "band"
                | "campaign"
                | "grade"
                | "zone"
        )
    };
    let named = match words {
        [] => false,
        [front @ .., last] if last.bytes().all(|b| b.is_ascii_digit()) => {
            front.last().is_some_and(class)
        }
        [.., last] => class(last),
    };
    if column.data_type == DataType::Integer
        && !column.has_negative
        && named
        && column.distinct <= CLASSES
    {
        return true;
    }
    column.data_type == DataType::Integer
        && !column.has_negative
        && is_thing(subject)
        && words.len() <= 2
        && words.last().is_some_and(|last| {
            *last == super::naming::singular(last) && !matches!(last.as_str(), "area" | "district")
        })
}

/// So many values of a column of whole numbers still tell groups apart by their number.
const NUMBERED: u64 = 2_000;

/// Units that end a name ("lead time days", "amount usd"); those of time only behind a word for time.
const UNITS: &[&str] = &[
    "kg", "g", "lb", "lbs", "oz", "cm", "mm", "m", "km", "ft", "inch", "inches", "l", "ml", "sqm",
    "sqft", "usd", "eur", "gbp", "inr", "cad", "aud", "chf", "jpy", "dollar", "dollars", "euro",
    "euros", "percent",
];
const TIME_UNITS: &[&str] = &[
    "days", "day", "hours", "hrs", "minutes", "mins", "seconds", "secs", "weeks", "months", "years",
];
const TIME_WORDS: &[&str] = &[
    "time", "life", "duration", "term", "terms", "age", "delay", "period", "length", "window",
    "lag", "tenure", "wait", "cover",
];

/// The name without the unit that ends it.
fn without_unit(words: &[String]) -> Option<&[String]> {
    let (last, mut rest) = words.split_last()?;
    if let Some((word, before)) = rest.split_last()
        && word == "in"
    {
        rest = before;
    }
    let before = rest.last()?;
    let measured = UNITS.contains(&last.as_str())
        && !matches!(before.as_str(), "total" | "number" | "count" | "per");
    let timed = TIME_UNITS.contains(&last.as_str()) && TIME_WORDS.contains(&before.as_str());
    (measured || timed).then_some(rest)
}

/// A yes or no without its verb: "is holiday".
fn without_verb(words: &[String]) -> Option<&[String]> {
    let (first, rest) = words.split_first()?;
    (matches!(first.as_str(), "is" | "has" | "was" | "are") && !rest.is_empty()).then_some(rest)
}

/// Whether a name says that the column identifies something.
fn names_an_id(words: &[String]) -> bool {
    let last = words.last().map(String::as_str).unwrap_or_default();
    matches!(
        last,
        "id" | "key" | "code" | "guid" | "uuid" | "barcode" | "ean" | "sku"
    ) || (matches!(last, "number" | "document" | "reference") && words.len() > 1)
        || words
            .iter()
            .any(|w| matches!(w.as_str(), "zip" | "postal" | "phone" | "fax"))
}

/// Whether whole numbers stand for something else ("major 520", "advisor 1121"): few different ones,
/// none small, each repeated, under a name that says nothing of an amount.
fn code_like(column: &ColumnProfile, words: &[String], subject: Subject, rows: u64) -> bool {
    const AMOUNTS: &[&str] = &[
        "count",
        "number",
        "total",
        "sum",
        "age",
        "year",
        "years",
        "days",
        "hours",
        "minutes",
        "seconds",
        "milliseconds",
        "size",
        "weight",
        "height",
        "length",
        "width",
        "depth",
        "area",
        "score",
        "points",
        "rank",
        "ranking",
        "capacity",
        "population",
        "salary",
        "wage",
        "income",
        "gross",
        "net",
        "budget",
        "level",
        "rate",
        "percent",
        "ratio",
        "distance",
        "speed",
        "bytes",
        "shares",
        "visits",
        "views",
        "clicks",
        "target",
        "plan",
        "spent",
        "paid",
        "due",
        "fee",
        "bonus",
        "points",
        "volume",
        "estimate",
        "credit",
        "limit",
        "cities",
        "estimation",
        "share",
    ];
    let smallest = column
        .min
        .as_deref()
        .and_then(|m| m.parse::<f64>().ok())
        .unwrap_or(0.0);
    column.data_type == DataType::Integer
        && words.len() == 1
        && subject == Subject::Other
        && smallest >= 50.0
        && column.distinct * 3 <= rows * 2
        && rows >= 10
        && !words
            .iter()
            .any(|w| AMOUNTS.contains(&w.as_str()) || w.ends_with('s'))
}

/// Why a column is taken for what it is, in words.
fn reasons(
    role: Role,
    subject: Subject,
    additivity: Additivity,
    column: &ColumnProfile,
    is_key: bool,
) -> String {
    let role = match role {
        Role::Id if is_key => "it tells the rows apart".to_string(),
        Role::Id => format!("`{}` is a name for identifiers", column.name),
        Role::Time => "it holds dates or times".into(),
        Role::Text => "it holds long texts, or is named like one".into(),
        Role::Measure => "it holds numbers".into(),
        Role::Dimension if column.data_type.is_numeric() => {
            "its numbers are few, or count periods".into()
        }
        Role::Dimension => "it holds short texts".into(),
    };
    let subject = match subject {
        Subject::Other => String::new(),
        known => format!(
            "; its name speaks of {}",
            format!("{known:?}")
                .chars()
                .fold(String::new(), |mut out, c| {
                    if c.is_uppercase() && !out.is_empty() {
                        out.push(' ');
                    }
                    out.extend(c.to_lowercase());
                    out
                })
        ),
    };
    let additivity = match additivity {
        Additivity::Additive => "; such numbers add up",
        Additivity::Semi => "; a level, which adds up over items but not over time",
        Additivity::Non if role == "it holds numbers" => "; prices, rates and sizes do not add up",
        Additivity::Non => "",
    };
    format!("{role}{subject}{additivity}")
}

/// The subject of a text column that is called anything ("location", "area") and holds the names of
/// states or countries, with what people call it; none where another column is called so.
fn named_by_values(
    column: &ColumnProfile,
    subject: Subject,
    table: &TableProfile,
) -> Option<(Subject, Vec<String>)> {
    let vague = matches!(subject, Subject::Other | Subject::Region | Subject::Store);
    if column.data_type != DataType::Text || !vague {
        return None;
    }
    let (of, noun) = match places::kind_of(&column.samples)? {
        PlaceKind::State => (Subject::State, "state"),
        PlaceKind::Country => (Subject::Country, "country"),
        PlaceKind::Continent | PlaceKind::City => return None,
    };
    let elsewhere = table.columns.iter().any(|c| {
        c.name != column.name && subject_of(&super::naming::words(&c.name), c.data_type).0 == of
    });
    (!elsewhere).then(|| (of, vec![noun.to_string()]))
}

/// Whether texts are ranges of numbers ("25-34", "35-49K", "Under 15K", "65+").
fn bands(samples: &[String]) -> bool {
    let range = |text: &String| {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let parts: Vec<&str> = text.split('-').collect();
        let between = matches!(&parts[..], [a, b] if [a, b].iter().all(|p| {
            let p = p.trim();
            !p.is_empty() && p.len() <= 6 && p.starts_with(|c: char| c.is_ascii_digit() || c == '$')
        }));
        let open = text.trim_end().ends_with('+')
            || ["under ", "over ", "above ", "below "]
                .iter()
                .any(|w| text.to_lowercase().starts_with(w));
        digits > 0 && text.len() <= 20 && (between || open)
    };
    samples.len() >= 2 && samples.iter().filter(|s| range(s)).count() * 3 >= samples.len() * 2
}

/// The field for one column.
pub(crate) fn field(
    column: &ColumnProfile,
    words: &[String],
    table: &TableProfile,
    is_key: bool,
) -> Field {
    let (mut subject, mut synonyms) = subject_of(words, column.data_type);
    let place = named_by_values(column, subject, table);
    if let Some((of, names)) = &place {
        subject = *of;
        synonyms.retain(|s| !names.contains(s));
        synonyms.splice(0..0, names.iter().cloned());
    }
    let rows = table.rows.max(1);
    // A code of few values that repeat names a kind, and no row.
    let kind = words.last().is_some_and(|w| w == "code")
        && !is_key
        && column.distinct * 2 <= rows
        && (column.distinct <= 30
            || words.iter().any(|w| {
                matches!(
                    w.as_str(),
                    "type" | "status" | "category" | "method" | "outcome" | "group" | "class"
                )
            }));
    // A "sales territory key" is no amount.
    if names_an_id(words) && is_number(subject) {
        (subject, synonyms) = (Subject::Other, Vec::new());
    }
    let id = names_an_id(words) && !kind
        || is_key
            && (column.data_type == DataType::Integer || words.last().is_some_and(|w| w == "id"));
    let flag = column.data_type.is_numeric()
        && column.all_whole
        && column.distinct <= 2
        && column
            .min
            .as_deref()
            .is_none_or(|m| m.starts_with('0') || m.starts_with('1'))
        && column
            .max
            .as_deref()
            .is_none_or(|m| m.starts_with('1') || m.starts_with('0'))
        && (rows > 5 || words.last().is_some_and(|w| STATES.contains(&w.as_str())))
        && !matches!(
            subject,
            Subject::Quantity
                | Subject::Amount
                | Subject::Stock
                | Subject::Freight
                | Subject::Profit
                | Subject::Discount
        );
    let year_like = column.data_type.is_numeric()
        && column.all_whole
        && words
            .iter()
            .any(|w| matches!(w.as_str(), "year" | "month" | "week" | "quarter" | "day"))
        && !words.iter().any(|w| w == "days");
    let role = match column.data_type {
        DataType::Opaque => Role::Text,
        DataType::Date | DataType::Timestamp => Role::Time,
        _ if id => Role::Id,
        DataType::Boolean => Role::Dimension,
        DataType::Text
            if words.iter().any(|w| {
                matches!(
                    w.as_str(),
                    "comment"
                        | "comments"
                        | "note"
                        | "notes"
                        | "remark"
                        | "remarks"
                        | "message"
                        | "review"
                        | "text"
                )
            }) =>
        {
            Role::Text
        }
        DataType::Text => {
            if column.mean_length > 60.0 {
                Role::Text
            } else {
                Role::Dimension
            }
        }
        _ if flag
            || year_like
            || code_like(column, words, subject, rows)
            || numbers_a_line(words, column.data_type)
            || numbered_thing(column, words, subject) =>
        {
            Role::Dimension
        }
        _ => Role::Measure,
    };
    let rate_words = words.iter().any(|w| {
        matches!(
            w.as_str(),
            "rate"
                | "ratio"
                | "percent"
                | "percentage"
                | "margin"
                | "share"
                | "age"
                | "latitude"
                | "longitude"
                | "lat"
                | "lng"
                | "long"
                | "weight"
                | "height"
                | "size"
                | "level"
                | "limit"
                | "average"
                | "avg"
                | "temperature"
                | "index"
                | "cpi"
                | "unemployment"
        )
    });
    // "Margin %" is a rate; "tax 5%" is an amount, charged at that rate.
    let percent = column.name.find('%').is_some_and(|at| {
        !column.name[..at]
            .trim_end()
            .ends_with(|c: char| c.is_ascii_digit())
    });
    let timed = without_unit(words).is_some()
        && words
            .last()
            .is_some_and(|w| TIME_UNITS.contains(&w.as_str()));
    let rate_words = rate_words || timed;
    let additivity = if role != Role::Measure || percent {
        Additivity::Non
    } else {
        match subject {
            Subject::UnitPrice
            | Subject::ListPrice
            | Subject::Discount
            | Subject::Rating
            | Subject::Duration
            | Subject::ReorderLevel => {
                // A discount in money adds up; one as a fraction or percentage does not.
                let money_discount = subject == Subject::Discount
                    && (words.iter().any(|w| w == "amount" || w == "value")
                        // Money taken off is written with a minus; a rate never is.
                        || column.has_negative
                        || column
                            .max
                            .as_deref()
                            .and_then(|m| m.parse::<f64>().ok())
                            .is_some_and(|m| m > 100.0));
                if money_discount {
                    Additivity::Additive
                } else {
                    Additivity::Non
                }
            }
            Subject::Stock => Additivity::Semi,
            Subject::Cost
                if words
                    .iter()
                    .any(|w| w == "unit" || w == "price" || w == "each") =>
            {
                Additivity::Non
            }
            _ if rate_words
                && !matches!(
                    subject,
                    Subject::Amount | Subject::Profit | Subject::Quantity | Subject::Freight
                ) =>
            {
                Additivity::Non
            }
            _ => Additivity::Additive,
        }
    };
    let fraction = column
        .max
        .as_deref()
        .and_then(|m| m.parse::<f64>().ok())
        .is_some_and(|m| m <= 1.0)
        && !column.all_whole;
    let unit = if role != Role::Measure {
        Unit::Plain
    } else {
        match subject {
            Subject::UnitPrice
            | Subject::ListPrice
            | Subject::Amount
            | Subject::Cost
            | Subject::Profit
            | Subject::Freight => Unit::Money(column.currency.clone()),
            Subject::Tax if !fraction => Unit::Money(column.currency.clone()),
            Subject::Quantity | Subject::Stock | Subject::ReorderLevel => {
                Unit::Count("units".into())
            }
            Subject::Other if timed && words.last().is_some_and(|w| w.starts_with("day")) => {
                Unit::Days
            }
            Subject::Discount if fraction => Unit::Fraction,
            Subject::Discount if additivity == Additivity::Additive => {
                Unit::Money(column.currency.clone())
            }
            _ => Unit::Plain,
        }
    };
    let plain = words.join(" ");
    // An id is not called by the name of what it stands for; the entity is.
    let reached_by = matches!(
        subject,
        Subject::Phone | Subject::PostalCode | Subject::Email | Subject::Address
    );
    if (role == Role::Id || role == Role::Text) && !reached_by {
        synonyms.clear();
        if let Some(last) = words.last()
            && words.len() > 1
        {
            let head = words[..words.len() - 1].join(" ");
            for other in ["id", "number", "no", "code"] {
                if other != last {
                    synonyms.push(format!("{head} {other}"));
                }
            }
        }
    }
    if words.len() == 1 && role == Role::Dimension && subject == Subject::Name {
        synonyms.clear();
    }
    if let [head @ .., last] = words
        && matches!(last.as_str(), "description" | "condition")
        && !head.is_empty()
        && role == Role::Dimension
    {
        let head = head.join(" ");
        if bands(&column.samples) {
            for class in ["group", "band", "bracket", "range"] {
                synonyms.push(format!("{head} {class}"));
            }
        }
        synonyms.push(head);
    } else if role == Role::Dimension
        && column.data_type == DataType::Text
        && bands(&column.samples)
        && !words
            .iter()
            .any(|w| matches!(w.as_str(), "group" | "band" | "bracket" | "range"))
    {
        for class in ["group", "band", "bracket", "range"] {
            synonyms.push(format!("{} {class}", words.join(" ")));
        }
    }
    if words.len() > 1
        && !matches!(subject, Subject::Other | Subject::Amount | Subject::Name)
        && role == Role::Measure
    {
        // "units on order" is not "units".
        let generic = synonyms.contains(&plain) || words.len() <= 2;
        if !generic {
            synonyms.clear();
        }
    }
    if role == Role::Measure && subject == Subject::Quantity && words.len() == 2 {
        // "quantity ordered": also "units ordered" and "ordered quantity".
        let of = words
            .iter()
            .find(|w| !matches!(w.as_str(), "quantity" | "units" | "unit" | "pieces"));
        if let Some(of) = of {
            for noun in ["unit", "quantity", "piece", "item"] {
                synonyms.push(format!("{noun} {of}"));
                synonyms.push(format!("{of} {noun}"));
            }
        }
    }
    let truth = column.data_type == DataType::Boolean || flag;
    // "price in usd" beside "price in eur" is not the price.
    let alone = |shorter: &[String]| {
        table.columns.iter().all(|c| {
            let other = super::naming::words(&c.name);
            c.name == column.name
                || other != shorter && without_unit(&other).is_none_or(|o| o != shorter)
        })
    };
    let shorter = without_unit(words)
        .filter(|shorter| role == Role::Measure && alone(shorter))
        .or_else(|| without_verb(words).filter(|_| truth));
    if let Some(shorter) = shorter {
        synonyms.insert(0, shorter.join(" "));
    }
    synonyms.retain(|s| *s != plain);
    Field {
        name: snake(words),
        label: label(words),
        expression: Expression::Column(column.name.clone()),
        data_type: column.data_type,
        role,
        subject,
        additivity,
        unit,
        synonyms,
        distinct: Some(column.distinct),
        nulls: Some(column.nulls),
        min: column.min.clone(),
        max: column.watermark.clone().or_else(|| column.max.clone()),
        searchable: (column.data_type == DataType::Text
            && column.mean_length <= 80.0
            && column.distinct <= 200_000)
            || role == Role::Id && column.distinct <= 1_000_000
            // Departments, tills and branches that go by a number.
            || role == Role::Dimension
                && column.data_type == DataType::Integer
                && column.distinct <= NUMBERED,
        evidence: Some(reasons(role, subject, additivity, column, is_key)),
        ..Field::default()
    }
}
