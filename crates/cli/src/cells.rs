//! How cells are written for people: by unit, type and grain of their column.

use answer::{Cell, Column, ColumnRole};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The cells of one column, with the same number of decimals in all of them.
pub(crate) fn written(column: &Column, cells: &[&Cell]) -> Vec<String> {
    let numbers: Vec<f64> = cells.iter().filter_map(|c| c.as_f64()).collect();
    let decimals = decimals(column, &numbers);
    let change = column.name.ends_with(" change") || column.name.ends_with(" change %");
    cells
        .iter()
        .map(|cell| match (cell, cell.as_f64()) {
            (Cell::Null, _) => "–".into(),
            (_, Some(x)) if column.role == ColumnRole::Measure => {
                let sign = if change && x > 0.0 { "+" } else { "" };
                format!("{sign}{}", amount(x, column.unit.as_deref(), decimals))
            }
            (Cell::Text(t), _) if column.role == ColumnRole::Time => {
                period(t, column.grain.as_deref())
            }
            (Cell::Text(t), _) => one_line(t),
            (Cell::Integer(n), _) => n.to_string(),
            (Cell::Number(x), _) => x.to_string(),
            (Cell::Bool(b), _) => if *b { "yes" } else { "no" }.to_string(),
        })
        .collect()
}

/// Control characters of a value must not reach the terminal, and a row is one line.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn decimals(column: &Column, numbers: &[f64]) -> usize {
    if column.unit.as_deref() == Some("fraction") {
        return 1;
    }
    if column.data_type == "integer" || numbers.iter().all(|x| x.fract() == 0.0) {
        return 0;
    }
    let money = column
        .unit
        .as_deref()
        .is_some_and(|u| u == "money" || currency(u).is_some());
    let small = numbers.iter().all(|x| x.abs() < 1.0);
    if small && !money { 4 } else { 2 }
}

fn currency(unit: &str) -> Option<String> {
    let is_code = unit.len() == 3 && unit.bytes().all(|b| b.is_ascii_uppercase());
    is_code.then(|| match unit {
        "USD" => "$".into(),
        "EUR" => "€".into(),
        "GBP" => "£".into(),
        "JPY" => "¥".into(),
        "INR" => "₹".into(),
        code => format!("{code} "),
    })
}

fn amount(x: f64, unit: Option<&str>, decimals: usize) -> String {
    if unit == Some("fraction") {
        return format!("{}%", grouped(x * 100.0, decimals, ""));
    }
    let sign = unit.and_then(currency).unwrap_or_default();
    grouped(x, decimals, &sign)
}

/// A number with commas between thousands, halves away from zero.
fn grouped(x: f64, decimals: usize, sign: &str) -> String {
    let scale = 10_f64.powi(i32::try_from(decimals).unwrap_or(0));
    let rounded = (x.abs() * scale).round() / scale;
    let text = format!("{rounded:.decimals$}");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    if x < 0.0 && rounded > 0.0 {
        out.push('-');
    }
    out.push_str(sign);
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    if !part.is_empty() {
        out.push('.');
        out.push_str(part);
    }
    out
}

/// A date or a period's first day.
fn period(text: &str, grain: Option<&str>) -> String {
    let parts: Vec<&str> = text.get(..10).unwrap_or_default().split('-').collect();
    let [year, month, day] = parts[..] else {
        return one_line(text);
    };
    let Some(number) = month.parse::<usize>().ok().filter(|m| (1..=12).contains(m)) else {
        return one_line(text);
    };
    match grain {
        Some("year") => year.to_string(),
        Some("quarter") => format!("Q{} {year}", (number - 1) / 3 + 1),
        Some("month") => format!("{} {year}", MONTHS[number - 1]),
        _ => {
            let time = text
                .get(11..16)
                .map(|t| format!(" {t}"))
                .unwrap_or_default();
            format!("{year}-{month}-{day}{time}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, data_type: &str, unit: Option<&str>, grain: Option<&str>) -> Column {
        Column {
            name: name.into(),
            data_type: data_type.into(),
            unit: unit.map(str::to_string),
            role: if grain.is_some() {
                ColumnRole::Time
            } else {
                ColumnRole::Measure
            },
            grain: grain.map(str::to_string),
        }
    }

    #[test]
    fn numbers_are_written_by_their_unit() {
        for (unit, cells, expected) in [
            (
                Some("money"),
                &[Cell::Number(1234.5), Cell::Integer(-7)][..],
                &["1,234.50", "-7.00"][..],
            ),
            (
                Some("GBP"),
                &[Cell::Number(-1_234_567.891)],
                &["-£1,234,567.89"],
            ),
            (Some("GBP"), &[Cell::Integer(5)], &["£5"]),
            (
                Some("fraction"),
                &[Cell::Number(0.4889), Cell::Number(-0.0155)],
                &["48.9%", "-1.6%"],
            ),
            (None, &[Cell::Number(0.1234), Cell::Null], &["0.1234", "–"]),
            (None, &[Cell::Number(-0.00001)], &["0.0000"]),
            (Some("orders"), &[Cell::Integer(1853)], &["1,853"]),
        ] {
            let column = column("x", "number", unit, None);
            let all: Vec<&Cell> = cells.iter().collect();
            assert_eq!(written(&column, &all), expected);
        }
    }

    #[test]
    fn changes_carry_their_sign() {
        let column = column("Revenue change %", "number", Some("fraction"), None);
        let cells = [Cell::Number(0.5), Cell::Number(-0.5), Cell::Integer(0)];
        let all: Vec<&Cell> = cells.iter().collect();
        assert_eq!(written(&column, &all), ["+50.0%", "-50.0%", "0.0%"]);
    }

    #[test]
    fn periods_are_named() {
        for (grain, expected) in [
            ("year", "2024"),
            ("quarter", "Q3 2024"),
            ("month", "Jul 2024"),
            ("day", "2024-07-01"),
        ] {
            let column = column("When", "date", None, Some(grain));
            assert_eq!(
                written(&column, &[&Cell::Text("2024-07-01".into())]),
                [expected]
            );
        }
    }

    #[test]
    fn a_value_cannot_steer_the_terminal() {
        assert_eq!(one_line("a\u{1b}[2Jb\nc\u{7}"), "a [2Jb c ");
    }
}
