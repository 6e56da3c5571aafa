//! Tables whose rows are totals over periods (a store's sales of a week), and no events.

use crate::{
    Additivity, DataType, Dataset, Evidence, Expression, Field, Model, Role, SourceProfile, Subject,
};
use std::collections::BTreeMap;

/// Words of a number that is a total over a period.
const PERIODS: &[&str] = &[
    "daily",
    "weekly",
    "monthly",
    "quarterly",
    "yearly",
    "annual",
    "hourly",
];

/// The datasets whose rows are totals over periods: a number says so, or every thing has one row for
/// each date. With each stand the fields that say what a row is the total of, where they are known.
pub(super) fn find(
    model: &Model,
    profile: &SourceProfile,
    evidence: &mut dyn Evidence,
) -> BTreeMap<String, Vec<String>> {
    model
        .datasets
        .iter()
        .filter(|d| d.event_time.is_some())
        .filter_map(|d| {
            let grain = panel(d, profile, evidence);
            (named(d) || grain.is_some()).then(|| (d.name.clone(), grain.unwrap_or_default()))
        })
        .collect()
}

fn named(dataset: &Dataset) -> bool {
    dataset.fields.iter().any(|f| {
        f.role == Role::Measure
            && f.additivity == Additivity::Additive
            && f.name.split('_').any(|w| PERIODS.contains(&w))
    })
}

/// Most columns that name the things of a panel.
const THINGS: usize = 4;

fn panel(
    dataset: &Dataset,
    profile: &SourceProfile,
    evidence: &mut dyn Evidence,
) -> Option<Vec<String>> {
    let time = dataset
        .event_time
        .as_deref()
        .and_then(|t| dataset.field(t))
        .filter(|t| t.data_type == DataType::Date)?;
    let numbered = dataset
        .fields
        .iter()
        .any(|f| f.subject == Subject::OrderNumber);
    let things: Vec<_> = dataset
        .fields
        .iter()
        .filter(|f| {
            (f.role == Role::Id
                || f.role == Role::Dimension
                    && matches!(
                        f.subject,
                        Subject::Store
                            | Subject::Product
                            | Subject::Category
                            | Subject::Subcategory
                            | Subject::Region
                            | Subject::State
                            | Subject::City
                            | Subject::Country
                            | Subject::Channel
                            | Subject::Brand
                    ))
                && f.distinct.is_some_and(|d| d > 1)
        })
        .collect();
    let rows = dataset.rows.unwrap_or(0);
    if numbered || things.is_empty() || things.len() > THINGS || rows < 10 {
        return None;
    }
    // Nearly every thing has a row for nearly every date; sales of single things are sparser.
    let cells = things
        .iter()
        .chain([&time])
        .map(|f| f.distinct.unwrap_or(1) as f64)
        .product::<f64>();
    let columns: Vec<&str> = things
        .iter()
        .chain([&time])
        .filter_map(|f| match &f.expression {
            Expression::Column(c) => Some(c.as_str()),
            _ => None,
        })
        .collect();
    let table = profile.tables.iter().find(|t| t.table == dataset.table)?;
    let whole = rows as f64 >= cells / 2.0 && columns.len() == things.len() + 1;
    (whole && evidence.is_unique(&table.name, &columns)).then(|| {
        things
            .iter()
            .chain([&time])
            .map(|f| f.name.clone())
            .collect()
    })
}

/// Days since a fixed day, of a date at the front of a text.
fn day_number(text: &str) -> Option<i64> {
    let mut parts = text.get(..10)?.split('-').map(|p| p.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    // Years from March, so that the leap day is the last one.
    let (y, m) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    Some(
        365 * y + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (153 * m + 2) / 5 + day,
    )
}

/// What the period of a row is called, where the dates are evenly spaced; a day needs no name ("sales
/// per open day" are per day).
fn period(dataset: &Dataset) -> Option<&'static str> {
    let time = dataset.field(dataset.event_time.as_deref()?)?;
    let span = day_number(time.max.as_deref()?)? - day_number(time.min.as_deref()?)?;
    let steps = time.distinct?.checked_sub(1).filter(|s| *s > 0)?;
    match (span as f64 / steps as f64).round() as i64 {
        7 => Some("week"),
        30 | 31 => Some("month"),
        _ => None,
    }
}

/// A yes or no of a period is called after it as well: "holiday week".
pub(super) fn name_flags(dataset: &mut Dataset) {
    let Some(period) = period(dataset) else {
        return;
    };
    let flag = |f: &Field| {
        f.role == Role::Dimension
            && (f.data_type == DataType::Boolean
                || f.data_type == DataType::Integer && f.distinct.is_some_and(|d| d <= 2))
    };
    for field in dataset.fields.iter_mut().filter(|f| flag(f)) {
        // The copy of another table's yes or no goes by its own name only.
        if field.name.starts_with(&dataset.name) {
            continue;
        }
        let mut said: Vec<&str> = field.name.split('_').collect();
        said.retain(|w| !matches!(*w, "is" | "has" | "was" | "flag"));
        if !said.is_empty() {
            field.synonyms.push(format!("{} {period}", said.join(" ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_leap_days_and_centuries() {
        let between = |a: &str, b: &str| day_number(b).unwrap() - day_number(a).unwrap();
        assert_eq!(between("2012-02-24", "2012-03-02"), 7);
        assert_eq!(between("1899-12-31", "1900-03-01"), 60);
        assert_eq!(between("2000-01-01", "2001-01-01"), 366);
        assert_eq!(day_number("soon"), None);
    }
}
