//! The proleptic Gregorian calendar by plain arithmetic on day numbers.

/// Days since 1970-01-01 of a civil date: counted, not computed by formula.
pub(crate) fn day(year: i64, month: i64, day: i64) -> i64 {
    let before = |y: i64| {
        365 * y + (y + 3).div_euclid(4) - (y + 99).div_euclid(100) + (y + 399).div_euclid(400)
    };
    let mut days = before(year) - before(1970);
    for m in 1..month {
        days += month_length(year, m);
    }
    days + day - 1
}

pub(crate) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(crate) fn month_length(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(is_leap(year)),
        _ => 31,
    }
}

/// Year, month and day of a day number: walked, not computed by formula.
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    let mut year = 1970 + days.div_euclid(366);
    while day(year + 1, 1, 1) <= days {
        year += 1;
    }
    let mut month = 1;
    while month < 12 && day(year, month + 1, 1) <= days {
        month += 1;
    }
    (year, month, days - day(year, month, 1) + 1)
}

pub(crate) fn show_day(days: i64) -> String {
    let (y, m, d) = civil(days);
    format!("{y:04}-{m:02}-{d:02}")
}

/// A day written `YYYY-MM-DD`.
pub(crate) fn parse_day(text: &str) -> Option<i64> {
    let mut parts = text.split('-').map(|p| p.parse::<i64>().ok());
    let (y, m, d) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || !(1..=12).contains(&m) || d < 1 || d > month_length(y, m) {
        return None;
    }
    Some(day(y, m, d))
}

/// 0 = Monday … 6 = Sunday (1970-01-01 was a Thursday).
pub(crate) fn weekday(days: i64) -> i64 {
    (days + 3).rem_euclid(7)
}

pub(crate) const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// The same day of another month; the last one where that month is shorter.
pub(crate) fn add_months(days: i64, months: i64) -> i64 {
    let (y, m, d) = civil(days);
    let index = y * 12 + (m - 1) + months;
    let (y, m) = (index.div_euclid(12), index.rem_euclid(12) + 1);
    day(y, m, d.min(month_length(y, m)))
}

/// A day and time written `YYYY-MM-DDTHH:MM:SS`.
pub(crate) fn parse_time(text: &str) -> Option<crate::value::Value> {
    let (day, time) = text.split_once('T')?;
    let day = parse_day(day)?;
    let clock: Vec<i64> = time.split(':').filter_map(|p| p.parse().ok()).collect();
    match clock[..] {
        [h, m, s] => Some(crate::value::Value::Timestamp(
            day * 86_400 + h * 3600 + m * 60 + s,
        )),
        _ => None,
    }
}
