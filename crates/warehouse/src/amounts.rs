//! Numbers with more around them than signs of currency: units ("12 kg"), codes of currencies
//! ("USD 1,200", "Rs. 500"), groups of other countries ("₹1,23,456", "1 234,50", "1'234.50"), minus
//! signs of typesetters and minus signs behind.

use crate::load::Loaded;
use crate::sql::identifier;
use crate::typing::is_marker;
use duckdb::{Connection, params};
use semantics::DataType;

/// Distinct values that are looked at at most.
const MOST_VALUES: usize = 500_000;
/// Values that are looked at before all of them are.
const SAMPLE: usize = 100;

/// A cell taken apart.
#[derive(Debug, Clone, PartialEq)]
struct Amount {
    /// Sign, figures and decimal point alone.
    figures: String,
    /// ISO code of the currency.
    currency: Option<&'static str>,
    unit: Option<String>,
    /// Whether its one comma or point may part thousands or decimals alike.
    unclear: bool,
}

const CURRENCIES: &[(&str, &str)] = &[
    ("us$", "USD"),
    ("usd", "USD"),
    ("$", "USD"),
    ("eur", "EUR"),
    ("€", "EUR"),
    ("gbp", "GBP"),
    ("£", "GBP"),
    ("inr", "INR"),
    ("rs.", "INR"),
    ("rs", "INR"),
    ("₹", "INR"),
    ("jpy", "JPY"),
    ("¥", "JPY"),
    ("chf", "CHF"),
    ("cad", "CAD"),
    ("aud", "AUD"),
    ("r$", "BRL"),
    ("brl", "BRL"),
    ("zł", "PLN"),
    ("pln", "PLN"),
    ("sek", "SEK"),
    ("kr", "SEK"),
    ("zar", "ZAR"),
    ("aed", "AED"),
    ("sgd", "SGD"),
    ("mxn", "MXN"),
];

const UNITS: &[&str] = &[
    "kg", "g", "gr", "mg", "lb", "lbs", "oz", "t", "l", "ml", "cl", "gal", "m", "cm", "mm", "km",
    "in", "ft", "yd", "mi", "m2", "sqm", "sqft", "sq ft", "pcs", "pc", "pieces", "units", "unit",
    "items", "hours", "hour", "hrs", "hr", "h", "mins", "min", "minutes", "days", "day", "d",
    "weeks", "months", "years", "yrs", "kwh", "w", "kw", "gb", "mb", "tb", "pts", "points",
    "stars", "people", "boxes", "packs", "bottles", "each", "ea",
];

fn parse(cell: &str) -> Option<Amount> {
    let mut rest: String = cell
        .trim()
        .to_lowercase()
        .replace(['\u{a0}', '\u{202f}', '\u{2009}'], " ")
        .replace('−', "-");
    let mut negative = false;
    if let Some(inner) = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')')) {
        negative = true;
        rest = inner.trim().to_string();
    }
    let mut sign = |rest: &mut String| {
        if let Some(after) = rest.strip_prefix('-') {
            negative = !negative;
            *rest = after.trim().to_string();
        } else if let Some(after) = rest.strip_prefix('+') {
            *rest = after.trim().to_string();
        } else if let Some(before) = rest.strip_suffix('-') {
            negative = !negative;
            *rest = before.trim().to_string();
        }
    };
    sign(&mut rest);
    let mut currency = None;
    for (written, code) in CURRENCIES {
        if let Some(after) = rest.strip_prefix(written) {
            // "rs" is no part of a longer word.
            if after.starts_with(|c: char| c.is_alphabetic()) {
                continue;
            }
            currency = Some(*code);
            rest = after.trim().to_string();
            break;
        }
    }
    if currency.is_none() {
        for (written, code) in CURRENCIES {
            if let Some(before) = rest.strip_suffix(written)
                && !before.ends_with(|c: char| c.is_alphabetic())
            {
                currency = Some(*code);
                rest = before.trim().to_string();
                break;
            }
        }
    }
    sign(&mut rest);
    let mut unit = None;
    if let Some(at) = rest.find(|c: char| c.is_alphabetic()) {
        let word = rest[at..].trim().trim_end_matches('.').to_string();
        if !UNITS.contains(&word.as_str()) {
            return None;
        }
        unit = Some(word);
        rest = rest[..at].trim().to_string();
    }
    let (figures, unclear) = plain(&rest)?;
    Some(Amount {
        figures: if negative {
            format!("-{figures}")
        } else {
            figures
        },
        currency,
        unit,
        unclear,
    })
}

/// Figures with groups of any country, as figures with a decimal point.
fn plain(text: &str) -> Option<(String, bool)> {
    if text.is_empty()
        || !text.starts_with(|c: char| c.is_ascii_digit())
        || !text
            .chars()
            .all(|c| c.is_ascii_digit() || ".,' ".contains(c))
    {
        return None;
    }
    let last = text.rfind(['.', ',']);
    let (whole, decimals, unclear) = match last {
        None => (text, "", false),
        Some(at) => {
            let sign = &text[at..=at];
            let (before, after) = (&text[..at], &text[at + 1..]);
            let again = before.contains(sign);
            let other = before.contains(if sign == "." { "," } else { "." });
            let three = after.len() == 3 && after.bytes().all(|b| b.is_ascii_digit());
            if again {
                (text, "", false)
            } else if three && !other && before.len() <= 3 && sign == "," {
                // As in the rest of the program a comma before three figures parts thousands.
                (text, "", true)
            } else {
                (before, after, false)
            }
        }
    };
    if !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // Groups of three; the Indian ones of two before the last of three.
    let groups: Vec<&str> = whole.split(['.', ',', '\'', ' ']).collect();
    let (first, others) = groups.split_first()?;
    let well = match others.split_last() {
        None => !first.is_empty(),
        Some((last, between)) => {
            (1..=3).contains(&first.len())
                && last.len() == 3
                && (between.iter().all(|g| g.len() == 3)
                    || (first.len() <= 2 && between.iter().all(|g| g.len() == 2)))
        }
    };
    let digits: String = groups.concat();
    if !well || digits.is_empty() || digits.len() + decimals.len() > 17 {
        return None;
    }
    let figures = if decimals.is_empty() {
        digits
    } else {
        format!("{digits}.{decimals}")
    };
    Some((figures, unclear))
}

/// Turns text columns whose every value is an amount into numbers, and says what was taken off.
pub(crate) fn read(connection: &Connection, table: &mut Loaded) -> duckdb::Result<()> {
    let name = identifier(&table.name);
    for (column, data_type, currency) in &mut table.columns {
        if *data_type != DataType::Text {
            continue;
        }
        let c = identifier(column);
        let distinct = |limit: usize| -> duckdb::Result<Vec<String>> {
            let mut statement = connection.prepare(&format!(
                "SELECT DISTINCT {c} FROM {name} WHERE {c} IS NOT NULL LIMIT {limit}"
            ))?;
            let found = statement.query_map([], |r| r.get::<_, String>(0))?;
            found.collect()
        };
        let all_amounts = |values: &[String]| -> Option<Vec<(String, Option<Amount>)>> {
            values
                .iter()
                .map(|v| {
                    if is_marker(v) {
                        Some((v.clone(), None))
                    } else {
                        parse(v).map(|a| (v.clone(), Some(a)))
                    }
                })
                .collect()
        };
        let sample = distinct(SAMPLE)?;
        if sample.is_empty() || all_amounts(&sample).is_none() {
            continue;
        }
        let values = distinct(MOST_VALUES + 1)?;
        if values.len() > MOST_VALUES {
            continue;
        }
        let Some(read) = all_amounts(&values) else {
            continue;
        };
        let amounts: Vec<&Amount> = read.iter().filter_map(|(_, a)| a.as_ref()).collect();
        let Some(first) = amounts.first() else {
            continue;
        };
        // Plain figures that stayed text are codes (leading zeros) or lists.
        let bare = |a: &&Amount| a.currency.is_none() && a.unit.is_none();
        let leading_zero = amounts.iter().any(|a| {
            a.figures.len() > 1 && a.figures.starts_with('0') && !a.figures.starts_with("0.")
        });
        if leading_zero {
            continue;
        }
        let same_unit = amounts.iter().all(|a| a.unit == first.unit);
        let same_currency = amounts
            .iter()
            .filter_map(|a| a.currency)
            .all(|c| Some(c) == amounts.iter().find_map(|a| a.currency));
        if !same_unit || !same_currency {
            let what = if same_currency { "units" } else { "currencies" };
            table.remarks.push(format!(
                "{column}: amounts in several {what} are kept as text, for they do not add up"
            ));
            continue;
        }
        if amounts.iter().any(|a| a.unclear) && amounts.iter().all(bare) {
            continue;
        }
        connection.execute_batch(
            "CREATE OR REPLACE TEMP TABLE retail_amounts (written VARCHAR, figures VARCHAR)",
        )?;
        let mut appender = connection.appender("retail_amounts")?;
        for (written, amount) in &read {
            appender.append_row(params![written, amount.as_ref().map(|a| a.figures.clone())])?;
        }
        appender.flush()?;
        drop(appender);
        let decimals = amounts
            .iter()
            .filter_map(|a| a.figures.split_once('.'))
            .map(|(_, d)| d.len())
            .max()
            .unwrap_or(0);
        let (kind, engine) = match decimals {
            0 => (DataType::Integer, "BIGINT"),
            1..=4 => (DataType::Decimal, "DECIMAL(18,4)"),
            _ => (DataType::Float, "DOUBLE"),
        };
        connection.execute_batch(&format!(
            "UPDATE {name} SET {c} = a.figures FROM retail_amounts a WHERE {name}.{c} = a.written; ALTER TABLE {name} ALTER COLUMN {c} SET DATA TYPE {engine} USING CAST({c} AS {engine}); DROP TABLE retail_amounts"
        ))?;
        *data_type = kind;
        let code = amounts.iter().find_map(|a| a.currency);
        *currency = code.map(str::to_string);
        let missing = read.len() - amounts.len();
        let mut said = match (&first.unit, code) {
            (Some(unit), _) => format!("{column}: numbers in {unit}, read without the unit"),
            (None, Some(code)) => format!("{column}: amounts in {code}, read without the sign"),
            (None, None) => format!("{column}: numbers with grouped figures read as numbers"),
        };
        if missing > 0 {
            said.push_str("; markers read as missing");
        }
        table.remarks.push(said);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_taken_apart() {
        for (cell, want) in [
            ("12 kg", Some(("12", None, Some("kg")))),
            ("3.5kg", Some(("3.5", None, Some("kg")))),
            ("USD 1,200.50", Some(("1200.50", Some("USD"), None))),
            ("1200 INR", Some(("1200", Some("INR"), None))),
            ("Rs. 500", Some(("500", Some("INR"), None))),
            ("₹1,23,456.00", Some(("123456.00", Some("INR"), None))),
            ("1'234.50", Some(("1234.50", None, None))),
            ("1\u{a0}234,50 €", Some(("1234.50", Some("EUR"), None))),
            ("45.00-", Some(("-45.00", None, None))),
            ("−45", Some(("-45", None, None))),
            ("($12.00)", Some(("-12.00", Some("USD"), None))),
            ("12 apples", None),
            ("A12", None),
            ("1,2,3", None),
            ("12/13", None),
        ] {
            let got = parse(cell);
            let got = got
                .as_ref()
                .map(|a| (a.figures.as_str(), a.currency, a.unit.as_deref()));
            assert_eq!(got, want, "{cell}");
        }
    }
}
