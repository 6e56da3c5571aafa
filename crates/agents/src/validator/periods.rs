//! Periods in text and in queries, as half-open day ranges.

use super::vocabulary;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use query::{Align, CompareTo, DateRange, Query};

/// Days from the first up to but not including the second; open ends are `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: Option<Date>,
    pub(super) end: Option<Date>,
    /// Hour of the day, for hourly rows.
    pub(super) hour: Option<i8>,
}

impl Span {
    fn new(start: Date, end: Date) -> Span {
        Span {
            start: Some(start),
            end: Some(end),
            hour: None,
        }
    }

    /// A range of a query.
    pub(super) fn of(range: &DateRange) -> Option<Span> {
        let span = Span {
            start: range.start.as_deref().and_then(day),
            end: range.end.as_deref().and_then(day),
            hour: None,
        };
        (span.start.is_some() || span.end.is_some()).then_some(span)
    }
}

/// The day at the start of an ISO text.
pub(super) fn day(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

fn months(start: Date, n: i32) -> Option<Span> {
    Some(Span::new(start, start.checked_add(n.months()).ok()?))
}

/// The period that a time cell stands for.
pub(super) fn bucket(text: &str, grain: &str) -> Option<Span> {
    let start = day(text)?;
    match grain {
        "year" => months(start, 12),
        "quarter" => months(start, 3),
        "month" => months(start, 1),
        "week" => Some(Span::new(start, start.checked_add(7.days()).ok()?)),
        "hour" => {
            let mut span = Span::new(start, start.checked_add(1.day()).ok()?);
            span.hour = Some(text.get(11..13)?.parse().ok()?);
            Some(span)
        }
        _ => Some(Span::new(start, start.checked_add(1.day()).ok()?)),
    }
}

/// The period that a comparison of a whole-range query is with; `None` if it is cut off, per
/// bucket, or not stated.
pub(super) fn prior(query: &Query) -> Option<Span> {
    let compare = query.compare.as_ref()?;
    let range = Span::of(query.time.as_ref()?.range.as_ref()?)?;
    let (start, end) = (range.start?, range.end?);
    let plain = matches!(compare.align, Align::ToDate | Align::Full)
        && query.time.as_ref()?.calendar.is_none();
    if !plain {
        return None;
    }
    if compare.align == Align::ToDate
        && let Some(last) = compare.watermark.as_deref().and_then(day)
        && last.checked_add(1.day()).ok()? < end
    {
        return None;
    }
    match &compare.to {
        CompareTo::Range(other) => Span::of(other),
        CompareTo::PriorYear => Some(Span::new(
            start.checked_sub(12.months()).ok()?,
            end.checked_sub(12.months()).ok()?,
        )),
        CompareTo::PriorPeriod
            if start.day() == end.day()
                && (start.year(), start.month()) < (end.year(), end.month()) =>
        {
            let length = (i32::from(end.year()) - i32::from(start.year())) * 12
                + i32::from(end.month())
                - i32::from(start.month());
            Some(Span::new(start.checked_sub(length.months()).ok()?, start))
        }
        CompareTo::PriorPeriod => Some(Span::new(
            start.checked_sub((end - start).get_days().days()).ok()?,
            start,
        )),
    }
}

/// Of a series whose periods are set against the ones before, those that the whole range is set
/// against: the range moved back by one. None where the data cuts it off or a calendar has other
/// periods.
pub(super) fn one_back(query: &Query) -> Option<Span> {
    prior(query)?;
    if !matches!(query.compare.as_ref()?.to, CompareTo::PriorPeriod) {
        return None;
    }
    let range = Span::of(query.time.as_ref()?.range.as_ref()?)?;
    let months = query.dimensions.iter().find_map(|d| match d {
        query::Dimension::Time(query::Grain::Month) => Some(1),
        query::Dimension::Time(query::Grain::Quarter) => Some(3),
        query::Dimension::Time(query::Grain::Year) => Some(12),
        _ => None,
    })?;
    Some(Span::new(
        range.start?.checked_sub(months.months()).ok()?,
        range.end?.checked_sub(months.months()).ok()?,
    ))
}

/// Reads a period at the start of `text`; gives its length in characters.
pub(super) fn read(text: &[char]) -> Option<(usize, Span)> {
    let (words, ends) = words(text);
    let get = |i: usize| words.get(i).map(String::as_str);
    if get(0) == Some("the") && get(1) == Some("week") && get(2) == Some("of") {
        let (used, span) = point(&words[3..])?;
        let start = span.start?;
        return Some((
            ends[used + 2],
            Span::new(start, start.checked_add(7.days()).ok()?),
        ));
    }
    if matches!(get(0), Some("since" | "before")) {
        let (used, span) = point(&words[1..])?;
        let open = if get(0) == Some("since") {
            Span {
                start: span.start,
                end: None,
                hour: None,
            }
        } else {
            Span {
                start: None,
                end: span.start,
                hour: None,
            }
        };
        return Some((ends[used], open));
    }
    let (used, first) = point(&words)?;
    if let Some("to" | "until") = get(used)
        && let Some((more, last)) = point(&words[used + 1..])
    {
        return Some((
            ends[used + more],
            Span {
                start: first.start,
                end: last.end,
                hour: None,
            },
        ));
    }
    if let Some(clock) = get(used)
        && let Some((hour, "00")) = clock.split_once(':')
        && let Ok(hour) = hour.parse()
    {
        return Some((
            ends[used],
            Span {
                hour: Some(hour),
                ..first
            },
        ));
    }
    Some((ends[used - 1], first))
}

/// Lower-case words with the position after each; stops at anything that cannot be in a period.
fn words(text: &[char]) -> (Vec<String>, Vec<usize>) {
    let (mut words, mut ends) = (Vec::new(), Vec::new());
    let mut i = 0;
    while i < text.len() && words.len() < 12 {
        let from = i;
        while i < text.len()
            && (text[i].is_alphanumeric()
                || (matches!(text[i], '-' | ':')
                    && text.get(i + 1).is_some_and(|c| c.is_ascii_digit())))
        {
            i += 1;
        }
        if from == i {
            break;
        }
        words.push(
            text[from..i]
                .iter()
                .flat_map(|c| c.to_lowercase())
                .collect(),
        );
        ends.push(i);
        if text.get(i) == Some(&',')
            && text.get(i + 1) == Some(&' ')
            && text.get(i + 2).is_some_and(|c| c.is_ascii_digit())
        {
            i += 1;
        }
        if text.get(i) != Some(&' ') {
            break;
        }
        i += 1;
    }
    (words, ends)
}

/// One named period at the start of the words: how many words, and which days.
fn point(words: &[String]) -> Option<(usize, Span)> {
    let get = |i: usize| words.get(i).map(String::as_str);
    let first = get(0)?;
    if let Some(n) = first
        .strip_prefix('q')
        .and_then(|n| n.parse::<i8>().ok())
        .filter(|n| (1..=4).contains(n))
    {
        return Some((2, months(date(year(get(1)?)?, (n - 1) * 3 + 1, 1), 3)?));
    }
    if let Some(n) = first
        .strip_prefix('h')
        .and_then(|n| n.parse::<i8>().ok())
        .filter(|n| (1..=2).contains(n))
    {
        return Some((2, months(date(year(get(1)?)?, (n - 1) * 6 + 1, 1), 6)?));
    }
    if let Some(month) = vocabulary::month(first) {
        if let Some(year) = get(1).and_then(year) {
            return Some((2, months(date(year, month, 1), 1)?));
        }
        let number: i8 = get(1)?
            .trim_end_matches(|c: char| c.is_alphabetic())
            .parse()
            .ok()?;
        let start = Date::new(year(get(2)?)?, month, number).ok()?;
        return Some((3, Span::new(start, start.checked_add(1.day()).ok()?)));
    }
    if first.len() == 10
        && let Ok(start) = first.parse::<Date>()
    {
        return Some((1, Span::new(start, start.checked_add(1.day()).ok()?)));
    }
    if let (Ok(number), Some(month)) = (first.parse::<i8>(), get(1).and_then(vocabulary::month)) {
        let start = Date::new(year(get(2)?)?, month, number).ok()?;
        return Some((3, Span::new(start, start.checked_add(1.day()).ok()?)));
    }
    Some((1, months(date(year(first)?, 1, 1), 12)?))
}

fn year(word: &str) -> Option<i16> {
    (word.len() == 4 && word.chars().all(|c| c.is_ascii_digit()))
        .then(|| word.parse().ok())?
        .filter(|y| (1900..2100).contains(y))
}

/// Reads a month or a quarter without its year, where the rows and ranges at hand know one only.
pub(super) fn bare(text: &[char], known: &[Span]) -> Option<(usize, Span)> {
    let (words, ends) = words(text);
    let first = words.first()?;
    let capital = text.first().is_some_and(|c| c.is_uppercase());
    let months_of = |s: &Span| -> Option<(i8, i32)> {
        let (start, end) = (s.start?, s.end?);
        let length = (i32::from(end.year()) - i32::from(start.year())) * 12
            + i32::from(end.month())
            - i32::from(start.month());
        (start.day() == 1 && end.day() == 1 && s.hour.is_none()).then_some((start.month(), length))
    };
    let wanted = if let Some(month) = vocabulary::month(first).filter(|_| capital) {
        (month, 1)
    } else if let Some(n) = first
        .strip_prefix('q')
        .and_then(|n| n.parse::<i8>().ok())
        .filter(|n| (1..=4).contains(n))
    {
        ((n - 1) * 3 + 1, 3)
    } else {
        let n = match first.as_str() {
            "first" => 1,
            "second" => 2,
            "third" => 3,
            "fourth" => 4,
            _ => return None,
        };
        if words.get(1).map(String::as_str) != Some("quarter") {
            return None;
        }
        let month = (n - 1) * 3 + 1;
        // The year may stand behind it.
        let behind = match words.get(2).map(String::as_str) {
            Some("of" | "in") => words.get(3).map(|w| (w, 3)),
            _ => words.get(2).map(|w| (w, 2)),
        };
        if let Some((word, at)) = behind
            && let Some(year) = year(word)
        {
            return Some((ends[at], months(date(year, month, 1), 3)?));
        }
        let mut found = known.iter().filter(|s| months_of(s) == Some((month, 3)));
        let only = found.next()?;
        return found.next().is_none().then_some((ends[1], *only));
    };
    let mut found = known.iter().filter(|s| months_of(s) == Some(wanted));
    let only = found.next()?;
    found.next().is_none().then_some((ends[0], *only))
}

/// Whether one stretch is the other a year before.
pub(super) fn a_year_apart(before: &Span, now: &Span) -> bool {
    let earlier = |d: Option<Date>| d.and_then(|d| d.checked_sub(12.months()).ok());
    before.start == earlier(now.start) && before.end == earlier(now.end)
}
