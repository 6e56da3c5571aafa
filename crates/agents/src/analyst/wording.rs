//! How numbers, names and periods are written.

use answer::Cell;
use jiff::ToSpan;
use jiff::civil::Date;
use query::{Compare, CompareTo, DateRange, Filter, Literal, Operator, Query};

/// The number in a cell; exact integers and decimals may come as text.
pub(super) fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Text(text) => text.parse().ok().filter(|x: &f64| x.is_finite()),
        other => other.as_f64(),
    }
}

/// A value in the words of its unit: money with its sign, fractions as percentages.
pub(super) fn value(x: f64, unit: Option<&str>, whole: bool) -> String {
    match unit {
        Some("fraction") => percent(x, false),
        Some(code) if is_currency(code) => {
            let digits = if x.abs() >= 1000.0 || (whole && x.fract() == 0.0) {
                0
            } else {
                2
            };
            let sign = if x < 0.0 && separated(x.abs(), digits) != separated(0.0, digits) {
                "-"
            } else {
                ""
            };
            format!(
                "{sign}{}{}",
                currency_sign(code),
                separated(x.abs(), digits)
            )
        }
        _ => {
            let digits = if x.fract() == 0.0 || x.abs() >= 1000.0 {
                0
            } else if x.abs() >= 1.0 {
                2
            } else {
                4
            };
            let body = separated(x.abs(), digits);
            if x < 0.0 && body.contains(|c: char| ('1'..='9').contains(&c)) {
                format!("-{body}")
            } else {
                body
            }
        }
    }
}

/// A fraction as a percentage, with its sign where a change is meant.
pub(super) fn percent(x: f64, signed: bool) -> String {
    let scaled = x * 100.0;
    let digits = if scaled != 0.0 && scaled.abs() < 0.1 {
        3
    } else {
        1
    };
    let body = separated(scaled.abs(), digits);
    let nonzero = body.contains(|c: char| ('1'..='9').contains(&c));
    let sign = match (nonzero, scaled < 0.0, signed) {
        (true, true, _) => "-",
        (true, false, true) => "+",
        _ => "",
    };
    format!("{sign}{body}%")
}

/// The difference of two fractions in percentage points, with its sign.
pub(super) fn points(x: f64) -> String {
    format!(
        "{} percentage points",
        percent(x, true).trim_end_matches('%')
    )
}

fn separated(x: f64, digits: usize) -> String {
    // Halves away from zero, as people round; beyond 2^40 the difference is not seen.
    let factor = 10f64.powi(i32::try_from(digits).unwrap_or(0));
    let scaled = x * factor;
    let rounded = if scaled < 1e12 {
        (scaled + 0.5 + 5e-7).floor() / factor
    } else {
        x
    };
    let plain = format!("{rounded:.digits$}");
    let (whole, rest) = match plain.split_once('.') {
        Some((whole, rest)) => (whole.to_string(), format!(".{rest}")),
        None => (plain, String::new()),
    };
    let mut out = String::new();
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out + &rest
}

/// Whether a unit is an ISO currency code.
pub(super) fn is_currency(unit: &str) -> bool {
    unit.len() == 3 && unit.chars().all(|c| c.is_ascii_uppercase())
}

/// What stands before an amount of that currency.
pub(super) fn currency_sign(code: &str) -> String {
    match code {
        "USD" => "$".into(),
        "EUR" => "€".into(),
        "GBP" => "£".into(),
        "INR" => "₹".into(),
        "JPY" => "¥".into(),
        other => format!("{other} "),
    }
}

/// Words that make a sentence ambiguous when they are also a name; such names are quoted.
const RESERVED: &[&str] = &[
    "total",
    "all",
    "none",
    "more",
    "most",
    "less",
    "least",
    "top",
    "high",
    "low",
    "highest",
    "lowest",
    "first",
    "last",
    "second",
    "third",
    "up",
    "down",
    "no",
    "yes",
    "other",
    "half",
    "may",
    "march",
    "january",
    "february",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "the",
    "and",
    "in",
    "of",
    "by",
    "next",
];

/// A name as it stands in a sentence: in quotation marks unless it is plainly a name.
pub(super) fn name(text: &str) -> String {
    let plain = text.chars().next().is_some_and(char::is_uppercase)
        && text
            .chars()
            .all(|c| c.is_alphabetic() || matches!(c, ' ' | '&' | '-' | '\''))
        && !text
            .split(' ')
            .any(|w| w.is_empty() || RESERVED.contains(&w.to_lowercase().as_str()));
    if plain {
        text.to_string()
    } else {
        format!("“{text}”")
    }
}

/// The first day that a time cell or a range bound names.
pub(super) fn day(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

/// The period that starts on a day, by grain.
pub(super) fn bucket(text: &str, grain: &str) -> Option<String> {
    let start = day(text)?;
    Some(match grain {
        "year" => start.year().to_string(),
        "quarter" => format!("Q{} {}", (start.month() - 1) / 3 + 1, start.year()),
        "month" => format!("{} {}", month(start.month()), start.year()),
        "week" => format!("the week of {}", long(start)),
        "hour" => format!("{} {}", long(start), text.get(11..16)?),
        _ => long(start),
    })
}

fn long(date: Date) -> String {
    format!("{} {} {}", date.day(), month(date.month()), date.year())
}

fn month(number: i8) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    NAMES.get((number - 1) as usize).copied().unwrap_or("")
}

/// A range in words with its preposition ("in Q3 2024", "from 5 March 2024 to 4 May 2024").
pub(super) fn during(range: &DateRange) -> Option<String> {
    let start = range.start.as_deref().and_then(day);
    let end = range.end.as_deref().and_then(day);
    match (start, end) {
        (Some(start), Some(end)) => Some(match named(start, end) {
            Some(name) if start.checked_add(1.day()).ok() == Some(end) => format!("on {name}"),
            Some(name) => format!("in {name}"),
            None => {
                let last = end.checked_sub(1.day()).ok()?;
                let months = start.day() == 1 && end.day() == 1;
                if months {
                    format!(
                        "from {} {} to {} {}",
                        month(start.month()),
                        start.year(),
                        month(last.month()),
                        last.year()
                    )
                } else {
                    format!("from {} to {}", long(start), long(last))
                }
            }
        }),
        (Some(start), None) => Some(format!("since {}", long(start))),
        (None, Some(end)) => Some(format!("before {}", long(end))),
        (None, None) => None,
    }
}

/// The name of a range that is one calendar period.
fn named(start: Date, end: Date) -> Option<String> {
    let first =
        |months: i32| start.day() == 1 && start.checked_add(months.months()).ok() == Some(end);
    if first(12) && start.month() == 1 {
        Some(start.year().to_string())
    } else if first(3) && (start.month() - 1) % 3 == 0 {
        Some(format!("Q{} {}", (start.month() - 1) / 3 + 1, start.year()))
    } else if first(1) {
        Some(format!("{} {}", month(start.month()), start.year()))
    } else if start.checked_add(1.day()).ok() == Some(end) {
        Some(long(start))
    } else {
        None
    }
}

/// What a comparison is with, as a noun phrase.
pub(super) fn against(query: &Query) -> Option<String> {
    let compare = query.compare.as_ref()?;
    let range = query.time.as_ref().and_then(|t| t.range.as_ref());
    if query.dimensions.iter().any(is_running) {
        return Some(generic(compare));
    }
    let start = range.and_then(|r| r.start.as_deref()).and_then(day);
    let end = range.and_then(|r| r.end.as_deref()).and_then(day);
    let (Some(start), Some(end)) = (start, end) else {
        return Some(generic(compare));
    };
    let cut = compare.align == query::Align::ToDate
        && compare
            .watermark
            .as_deref()
            .and_then(day)
            .and_then(|w| w.checked_add(1.day()).ok())
            .is_some_and(|after| after < end);
    if cut {
        return Some(generic(compare));
    }
    let other = match &compare.to {
        CompareTo::Range(other) => (
            other.start.as_deref().and_then(day)?,
            other.end.as_deref().and_then(day)?,
        ),
        CompareTo::PriorYear => (
            start.checked_sub(12.months()).ok()?,
            end.checked_sub(12.months()).ok()?,
        ),
        CompareTo::PriorPeriod => {
            if start.day() == 1 && end.day() == 1 {
                let months = (i32::from(end.year()) - i32::from(start.year())) * 12
                    + i32::from(end.month())
                    - i32::from(start.month());
                (start.checked_sub(months.months()).ok()?, start)
            } else {
                (
                    start.checked_sub((end - start).get_days().days()).ok()?,
                    start,
                )
            }
        }
    };
    Some(named(other.0, other.1).unwrap_or_else(|| generic(compare)))
}

fn generic(compare: &Compare) -> String {
    match compare.to {
        CompareTo::PriorYear => "a year earlier".into(),
        CompareTo::PriorPeriod => "the period before".into(),
        CompareTo::Range(_) => "the other period".into(),
    }
}

/// Whether a dimension is a running period.
pub(super) fn is_running(dimension: &query::Dimension) -> bool {
    match dimension {
        query::Dimension::Time(grain) | query::Dimension::TimeOf { grain, .. } => {
            !grain.is_cyclic()
        }
        _ => false,
    }
}

/// Plain text values that the query's top-level filters ask for, a list per filter; the flag
/// says whether other conditions exist that are not put in words here.
pub(super) fn filter_values(query: &Query) -> (Vec<Vec<String>>, bool) {
    let mut lists = Vec::new();
    let mut others = false;
    let conditions: Vec<&Filter> = match &query.filter {
        None => Vec::new(),
        Some(Filter::And(all)) => all.iter().collect(),
        Some(one) => vec![one],
    };
    for condition in conditions {
        match condition {
            Filter::Compare {
                op: Operator::Eq,
                value: Literal::Text(text),
                ..
            } if day(text).is_none() => lists.push(vec![text.clone()]),
            Filter::In { values, .. }
                if values.len() <= 4 && values.iter().all(|v| matches!(v, Literal::Text(_))) =>
            {
                lists.push(
                    values
                        .iter()
                        .filter_map(|v| {
                            if let Literal::Text(t) = v {
                                Some(t.clone())
                            } else {
                                None
                            }
                        })
                        .collect(),
                );
            }
            // Members that have no name are left out of a choice unasked; an assumption says so.
            Filter::Not(inner)
                if matches!(&**inner, Filter::IsNull { field }
                    if query.dimensions.contains(&query::Dimension::Field(field.clone()))) => {}
            _ => others = true,
        }
    }
    (lists, others)
}
