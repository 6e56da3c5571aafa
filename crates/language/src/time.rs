//! The time grammar: dates, periods and words relative to the data's own today.

mod hours;
mod phrase;
mod yearly;

pub use yearly::Rule;

use crate::lexicon::english;
use crate::token::{Token, TokenKind};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use query::{DateRange, Grain};

/// A stretch of time in a question.
#[derive(Debug, Clone, PartialEq)]
pub enum TimeSense {
    /// Days from `start` to before `end`.
    Range(Period),
    /// A part of a year that is not named, and its name.
    Yearless {
        /// Which days of the year.
        rule: Rule,
        /// Name without a year.
        label: String,
        /// Length as a grain.
        grain: Grain,
        /// Which side of it is meant.
        bound: Bound,
    },
    /// A grain ("monthly").
    Grain(Grain),
    /// Days of the week by their English names, and how they are called together.
    Weekdays(Vec<String>, String),
    /// Hours of the day, and how they are called together.
    Hours(Vec<i8>, String),
    /// The whole of the data ("all time", "ever").
    Whole,
    /// A year earlier or later than the last query's period (+1, −1), or another grain.
    Shift(i32, Grain),
}

/// Which part of time a period marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// In it.
    In,
    /// From its start on.
    Since,
    /// After its end.
    After,
    /// Before its start.
    Before,
    /// Up to its end.
    Until,
}

/// A resolved period.
#[derive(Debug, Clone, PartialEq)]
pub struct Period {
    /// First day; open if absent.
    pub start: Option<Date>,
    /// Day after the last; open if absent.
    pub end: Option<Date>,
    /// Name.
    pub label: String,
    /// Length as a grain, if it is a calendar period.
    pub grain: Option<Grain>,
    /// Whether words such as "last year" made it.
    pub relative: bool,
}

impl Period {
    /// As the typed query holds it.
    pub fn to_range(&self) -> DateRange {
        DateRange {
            start: self.start.map(|d| d.to_string()),
            end: self.end.map(|d| d.to_string()),
            label: self.label.clone(),
        }
    }

    fn bounded(self, bound: Bound) -> Period {
        match bound {
            Bound::In => self,
            Bound::Since => Period {
                end: None,
                label: format!("since {}", self.label),
                grain: None,
                ..self
            },
            Bound::After => Period {
                start: self.end,
                end: None,
                label: format!("after {}", self.label),
                grain: None,
                relative: self.relative,
            },
            Bound::Before => Period {
                end: self.start,
                start: None,
                label: format!("before {}", self.label),
                grain: None,
                relative: self.relative,
            },
            Bound::Until => Period {
                start: None,
                label: format!("until {}", self.label),
                grain: None,
                ..self
            },
        }
    }
}

/// English name of a month, 1..12.
pub fn month_name(month: i8) -> &'static str {
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
    NAMES[(month.clamp(1, 12) - 1) as usize]
}

pub(crate) fn first_of(year: i16, month: i8) -> Date {
    if month > 12 {
        date(year + 1, month - 12, 1)
    } else {
        date(year, month, 1)
    }
}

/// The months `from`..`to` of a year.
pub fn months(year: i16, from: i8, to: i8, label: String, grain: Grain) -> Period {
    Period {
        start: Some(first_of(year, from)),
        end: Some(first_of(year, to)),
        label,
        grain: Some(grain),
        relative: false,
    }
}

/// The calendar period of a grain that holds the day.
pub fn period_of(day: Date, grain: Grain, week_start: u8) -> Period {
    let year = day.year();
    match grain {
        Grain::Year => months(year, 1, 13, year.to_string(), grain),
        Grain::Quarter => {
            let q = (day.month() - 1) / 3;
            months(
                year,
                q * 3 + 1,
                q * 3 + 4,
                format!("Q{} {year}", q + 1),
                grain,
            )
        }
        Grain::Month => months(
            year,
            day.month(),
            day.month() + 1,
            format!("{} {year}", month_name(day.month())),
            grain,
        ),
        Grain::Week => {
            let back =
                (day.weekday().to_monday_one_offset() as i64 - i64::from(week_start)).rem_euclid(7);
            let start = day.saturating_sub(back.days());
            Period {
                start: Some(start),
                end: Some(start.saturating_add(7.days())),
                label: format!("week of {start}"),
                grain: Some(grain),
                relative: false,
            }
        }
        _ => Period {
            start: Some(day),
            end: Some(day.saturating_add(1.days())),
            label: day.to_string(),
            grain: Some(Grain::Day),
            relative: false,
        },
    }
}

/// A day moved by whole periods.
pub fn shifted(day: Date, grain: Grain, by: i64) -> Date {
    match grain {
        Grain::Year => day.saturating_add(by.years()),
        Grain::Quarter => day.saturating_add((by * 3).months()),
        Grain::Month => day.saturating_add(by.months()),
        Grain::Week => day.saturating_add((by * 7).days()),
        _ => day.saturating_add(by.days()),
    }
}

/// A year-less part of a year in a given year.
pub fn in_year(sense: &TimeSense, year: i16) -> Option<Period> {
    let TimeSense::Yearless {
        rule,
        label,
        grain,
        bound,
    } = sense
    else {
        return None;
    };
    let (start, end) = rule.in_year(year)?;
    let several = matches!(rule, Rule::Days(_, first, last) if first != last)
        || matches!(rule, Rule::LastDays(..))
        || matches!(rule, Rule::Span(from, to) if from != to)
        || matches!(rule, Rule::Easter(from, to) if from != to);
    let named = matches!(
        rule,
        Rule::Weekday { .. } | Rule::Easter(..) | Rule::Span(..)
    );
    let label = match rule {
        // A day that moves is shown with its date.
        Rule::Weekday { .. } | Rule::Easter(..) => format!("{label} {year} ({start})"),
        Rule::Span((from, _), (to, _)) if to < from => format!("{label} {year}/{}", year + 1),
        Rule::Week(_) => format!(
            "{label} of {year} ({start} to {})",
            end.saturating_sub(1.days())
        ),
        _ => format!("{label} {year}"),
    };
    let period = Period {
        start: Some(start),
        end: Some(end),
        label,
        grain: (!(several || named && *grain == Grain::Quarter)).then_some(*grain),
        relative: false,
    };
    Some(period.bounded(*bound))
}

/// What the words count from.
#[derive(Debug, Clone)]
pub struct Clock {
    /// The day that stands for today.
    pub today: Date,
    /// First day of the week, 1 = Monday.
    pub week_start: u8,
}

struct Reader<'a> {
    tokens: &'a [Token],
    clock: &'a Clock,
}

impl Reader<'_> {
    fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |t| t.folded.as_str())
    }

    /// Skips words that stand between the parts of a date.
    fn skip(&self, mut at: usize, words: &[&str]) -> usize {
        while words.contains(&self.word(at)) {
            at += 1;
        }
        at
    }

    fn year(&self, at: usize) -> Option<(i16, usize)> {
        let mut start = at;
        if self.word(start) == "'" || self.word(start) == "fy" {
            start += 1;
        }
        let token = self.tokens.get(start)?;
        if let Some(digits) = token.folded.strip_prefix("fy")
            && let Ok(year) = digits.parse::<i16>()
        {
            return Some((if year < 100 { 2000 + year } else { year }, start + 1));
        }
        match token.kind {
            TokenKind::Number(value, false)
                if token.text.len() == 4 && (1900.0..=2100.0).contains(&value) =>
            {
                Some((value as i16, start + 1))
            }
            _ => None,
        }
    }

    fn short_year(&self, at: usize) -> Option<(i16, usize)> {
        if let Some(found) = self.year(at) {
            return Some(found);
        }
        let start = if self.word(at) == "'" { at + 1 } else { at };
        let token = self.tokens.get(start)?;
        match token.kind {
            TokenKind::Number(value, false) if token.text.len() == 2 && value < 100.0 => {
                let two = value as i16;
                Some((if two < 70 { 2000 + two } else { 1900 + two }, start + 1))
            }
            _ => None,
        }
    }

    fn month(&self, at: usize) -> Option<i8> {
        let token = self.tokens.get(at)?;
        english()
            .times(&token.folded)
            .iter()
            .find(|(kind, _)| *kind == "month")
            .and_then(|(_, v)| v.parse().ok())
    }

    fn number(&self, at: usize) -> Option<(i64, usize)> {
        let token = self.tokens.get(at)?;
        match token.kind {
            TokenKind::Number(value, false) if value.fract() == 0.0 && value.abs() < 1e6 => {
                Some((value as i64, at + 1))
            }
            _ => english()
                .number(&token.folded)
                .map(|n| (i64::from(n), at + 1)),
        }
    }

    fn ordinal(&self, at: usize) -> Option<i8> {
        match self.word(at) {
            "first" | "1st" => Some(1),
            "second" | "2nd" => Some(2),
            "third" | "3rd" => Some(3),
            "fourth" | "4th" | "last" | "final" => Some(4),
            _ => None,
        }
    }

    fn grain_word(&self, at: usize) -> Option<Grain> {
        match self.tokens.get(at)?.stem.as_str() {
            "day" => Some(Grain::Day),
            "week" => Some(Grain::Week),
            "month" => Some(Grain::Month),
            "quarter" => Some(Grain::Quarter),
            "year" => Some(Grain::Year),
            _ => None,
        }
    }

    fn of_year(&self, at: usize) -> Option<(i16, usize)> {
        let next = self.skip(at, &["of", "in", "the", "year", ",", "for"]);
        self.relative_year(self.skip(at, &["of", "in", ",", "for"]))
            .or_else(|| self.short_year(next))
    }

    fn part(&self, from: i8, to: i8, label: &str, grain: Grain, at: usize) -> (TimeSense, usize) {
        match self.of_year(at) {
            Some((year, end)) => (
                TimeSense::Range(months(year, from, to, format!("{label} {year}"), grain)),
                end,
            ),
            None => {
                let mut end = at;
                if self.word(at) == "of"
                    && self.word(at + 1) == "the"
                    && self.word(at + 2) == "year"
                {
                    end = at + 3;
                }
                (
                    TimeSense::Yearless {
                        rule: Rule::Months(from, to),
                        label: label.to_string(),
                        grain,
                        bound: Bound::In,
                    },
                    end,
                )
            }
        }
    }

    /// A period that begins at `at`: sense and the token after it.
    fn period(&self, at: usize) -> Option<(TimeSense, usize)> {
        let word = self.word(at);
        if let Some(found) = self.code(at).or_else(|| self.month_span(at)) {
            return Some(found);
        }
        if let Some((year, end)) = self.year(at) {
            // `2022 Q3`, `2022 profit`
            if let Some(q) = quarter_code(self.word(end)) {
                let (from, to) = (q * 3 - 2, q * 3 + 1);
                return Some((
                    TimeSense::Range(months(
                        year,
                        from,
                        to,
                        format!("Q{q} {year}"),
                        Grain::Quarter,
                    )),
                    end + 1,
                ));
            }
            return Some((
                TimeSense::Range(months(year, 1, 13, year.to_string(), Grain::Year)),
                end,
            ));
        }
        if let Some(q) = quarter_code(word) {
            return Some(self.part(
                q * 3 - 2,
                q * 3 + 1,
                &format!("Q{q}"),
                Grain::Quarter,
                at + 1,
            ));
        }
        if word == "quarter"
            && let Some((q, end)) = self.number(at + 1)
            && (1..=4).contains(&q)
        {
            let q = q as i8;
            return Some(self.part(q * 3 - 2, q * 3 + 1, &format!("Q{q}"), Grain::Quarter, end));
        }
        if let Some(h) = match word {
            "h1" => Some(1),
            "h2" => Some(2),
            _ => None,
        } {
            let (from, to, label) = half(h);
            return Some(self.part(from, to, label, Grain::Quarter, at + 1));
        }
        let start = self.skip(at, &["the"]);
        if let Some(n) = self.ordinal(start) {
            if self.word(start + 1) == "half" && n <= 4 {
                let (from, to, label) = half(if n == 1 { 1 } else { 2 });
                return Some(self.part(from, to, label, Grain::Quarter, start + 2));
            }
            if self.word(start + 1) == "quarter" && (self.word(start) != "last") {
                return Some(self.part(
                    n * 3 - 2,
                    n * 3 + 1,
                    &format!("Q{n}"),
                    Grain::Quarter,
                    start + 2,
                ));
            }
        }
        if let Some(found) = self.dated(at) {
            return Some(found);
        }
        self.phrase(at).or_else(|| self.relative(start))
    }

    /// Dates with a month name, or numeric dates.
    fn dated(&self, at: usize) -> Option<(TimeSense, usize)> {
        let token = self.tokens.get(at)?;
        if let Some(day) = numeric_date(&token.folded) {
            return Some((
                TimeSense::Range(period_of(day, Grain::Day, self.clock.week_start)),
                at + 1,
            ));
        }
        // `9-15 December 2019`, `14 February 2023`, `week of 9-15 December`
        let lead = if self.word(at) == "week" {
            self.skip(at + 1, &["of", "the"])
        } else {
            at
        };
        if let Some((first, next)) = day_number(self.tokens.get(lead)).map(|d| (d, lead + 1)) {
            let mut last = first;
            let mut month_at = next;
            if matches!(self.word(next), "-" | "–" | "to" | "and")
                && let Some(second) = day_number(self.tokens.get(next + 1))
            {
                last = second;
                month_at = next + 2;
            }
            let month_at = self.skip(month_at, &["of", "th", "st", "nd", "rd"]);
            if let Some(month) = self.month(month_at) {
                return Some(self.day_of(month, first, last, month_at + 1));
            }
        }
        let month = self.month(lead)?;
        if let Some((year, end)) = self.paired_year(lead, month) {
            let label = format!("{} {year}", month_name(month));
            return Some((
                TimeSense::Range(months(year, month, month + 1, label, Grain::Month)),
                end,
            ));
        }
        // "in Nov 04" is a month of 2004: nobody is in a day.
        let inside = at.checked_sub(1).is_some_and(|before| {
            matches!(
                self.word(before),
                "in" | "during" | "of" | "for" | "since" | "until"
            )
        });
        let padded = self.tokens.get(lead + 1).is_some_and(|t| {
            let years_ago = t
                .text
                .parse::<i16>()
                .map_or(-1, |two| self.clock.today.year() - 2000 - two);
            t.text.len() == 2 && (t.text.starts_with('0') || (0..=12).contains(&years_ago))
        });
        if inside
            && padded
            && !matches!(self.word(lead + 2), "-" | "–")
            && self.of_year(lead + 2).is_none()
            && let Some((year, end)) = self.short_year(lead + 1)
        {
            let label = format!("{} {year}", month_name(month));
            return Some((
                TimeSense::Range(months(year, month, month + 1, label, Grain::Month)),
                end,
            ));
        }
        if let Some(day) = day_number(self.tokens.get(lead + 1)) {
            let mut last = day;
            let mut end = lead + 2;
            if matches!(self.word(end), "-" | "–")
                && let Some(second) = day_number(self.tokens.get(end + 1))
            {
                last = second;
                end += 2;
            }
            let two_digit_year = last == day
                && self.tokens.get(lead + 1).is_some_and(|t| t.text.len() == 2)
                && day > 31;
            if !two_digit_year
                && day <= 31
                && self
                    .tokens
                    .get(lead + 1)
                    .is_some_and(|t| t.text.len() <= 2 || t.folded.ends_with(char::is_alphabetic))
            {
                // `Jan 98` is a month of 1998 when nothing says otherwise and no year follows.
                let followed_by_year = self.of_year(end).is_some();
                if followed_by_year
                    || day <= 31 && !self.word(end).is_empty()
                    || self.short_year(lead + 1).is_none()
                {
                    return Some(self.day_of(month, day, last, end));
                }
                return Some(self.day_of(month, day, last, end));
            }
        }
        let label = month_name(month).to_string();
        let next = self.skip(lead + 1, &["of", ",", "in"]);
        if let Some((year, end)) = self.short_year(if self.year(next).is_some() {
            next
        } else {
            lead + 1
        }) {
            return Some((
                TimeSense::Range(months(
                    year,
                    month,
                    month + 1,
                    format!("{label} {year}"),
                    Grain::Month,
                )),
                end,
            ));
        }
        Some((
            TimeSense::Yearless {
                rule: Rule::Months(month, month + 1),
                label,
                grain: Grain::Month,
                bound: Bound::In,
            },
            lead + 1,
        ))
    }

    /// `Nov 24 vs Nov 23`: the same month twice with two numbers that can be years near today.
    fn paired_year(&self, at: usize, month: i8) -> Option<(i16, usize)> {
        let number = |i: usize| -> Option<i16> {
            let token = self.tokens.get(i)?;
            let TokenKind::Number(value, false) = token.kind else {
                return None;
            };
            let today = self.clock.today.year();
            let year = 2000 + value as i16;
            (token.text.len() == 2 && value.fract() == 0.0 && (today - 12..=today).contains(&year))
                .then_some(year)
        };
        let own = number(at + 1)?;
        let other = (0..self.tokens.len()).any(|i| {
            i != at && self.month(i) == Some(month) && number(i + 1).is_some_and(|y| y != own)
        });
        (other && self.year(at + 2).is_none()).then_some((own, at + 2))
    }

    fn day_of(&self, month: i8, first: i8, last: i8, at: usize) -> (TimeSense, usize) {
        let label = if first == last {
            format!("{first} {}", month_name(month))
        } else {
            format!("{first}–{last} {}", month_name(month))
        };
        let sense = TimeSense::Yearless {
            rule: Rule::Days(month, first, last),
            label,
            grain: Grain::Day,
            bound: Bound::In,
        };
        let next = self.skip(at, &[",", "of"]);
        if let Some((year, end)) = self.year(next)
            && let Some(period) = in_year(&sense, year)
        {
            return (TimeSense::Range(period), end);
        }
        (sense, at)
    }

    fn relative(&self, at: usize) -> Option<(TimeSense, usize)> {
        let today = self.clock.today;
        let week_start = self.clock.week_start;
        let to_date = |grain: Grain, label: &str| {
            let whole = period_of(today, grain, week_start);
            TimeSense::Range(Period {
                end: Some(today.saturating_add(1.days())),
                label: format!(
                    "{label} ({} to {today})",
                    whole.start.map_or(String::new(), |d| d.to_string())
                ),
                relative: true,
                ..whole
            })
        };
        let word = self.word(at);
        match word {
            "today" => return Some((relative(period_of(today, Grain::Day, week_start)), at + 1)),
            "yesterday" => {
                return Some((
                    relative(period_of(
                        today.saturating_sub(1.days()),
                        Grain::Day,
                        week_start,
                    )),
                    at + 1,
                ));
            }
            "ytd" => return Some((to_date(Grain::Year, "year to date"), at + 1)),
            "mtd" => return Some((to_date(Grain::Month, "month to date"), at + 1)),
            "qtd" => return Some((to_date(Grain::Quarter, "quarter to date"), at + 1)),
            "ever" => return Some((TimeSense::Whole, at + 1)),
            _ => {}
        }
        if let Some(grain) = self.grain_word(at)
            && self.word(at + 1) == "to"
            && self.word(at + 2) == "date"
        {
            return Some((to_date(grain, &format!("{word} to date")), at + 3));
        }
        for (words, length) in [
            (&["all", "time"][..], 2),
            (&["whole", "history"], 2),
            (&["all", "years"], 2),
            (&["whole", "period"], 2),
            (&["entire", "period"], 2),
            (&["entire", "history"], 2),
            (&["across", "the", "year"], 3),
            (&["over", "the", "years"], 3),
            (&["since", "the", "start"], 3),
            (&["from", "the", "start"], 3),
            (&["since", "the", "beginning"], 3),
            (&["from", "the", "beginning"], 3),
            (&["from", "day", "one"], 3),
            (&["since", "day", "one"], 3),
            (&["since", "launch"], 2),
            (&["to", "date"], 2),
        ] {
            if words
                .iter()
                .enumerate()
                .all(|(i, w)| self.word(at + i) == *w)
                && self.word(at + length) != "of"
                && !(words[0] == "to" && at > 0 && self.grain_word(at - 1).is_some())
            {
                return Some((TimeSense::Whole, at + length));
            }
        }
        if let Some(found) = self.longer_ago(at) {
            return Some(found);
        }
        if matches!(word, "a" | "one")
            && let Some(grain) = self.grain_word(at + 1)
        {
            match self.word(at + 2) {
                "later" => return Some((TimeSense::Shift(1, grain), at + 3)),
                "earlier" | "before" => return Some((TimeSense::Shift(-1, grain), at + 3)),
                "ago" => {
                    return Some((
                        relative(period_of(shifted(today, grain, -1), grain, week_start)),
                        at + 3,
                    ));
                }
                _ => {}
            }
        }
        let this = matches!(word, "this" | "current");
        let last = matches!(
            word,
            "last" | "previous" | "past" | "prior" | "preceding" | "latest" | "recent"
        ) || self.trails(at);
        // "the most recent week": the one that the data ends in.
        if word == "most"
            && self.word(at + 1) == "recent"
            && let Some(grain) = self.grain_word(at + 2)
            && self.tokens[at + 2].folded == self.tokens[at + 2].stem
        {
            return Some((relative(period_of(today, grain, week_start)), at + 3));
        }
        // "the last full month"
        if last
            && matches!(
                self.word(at + 1),
                "full" | "complete" | "whole" | "calendar" | "completed"
            )
            && let Some(grain) = self.grain_word(at + 2)
            && self.tokens[at + 2].folded == self.tokens[at + 2].stem
        {
            let current = period_of(today, grain, week_start);
            let complete = current.end == Some(today.saturating_add(1.days()));
            let period = if complete && grain != Grain::Day {
                current
            } else {
                period_of(shifted(today, grain, -1), grain, week_start)
            };
            return Some((relative(period), at + 3));
        }
        if this && let Some(grain) = self.grain_word(at + 1) {
            return Some((relative(period_of(today, grain, week_start)), at + 2));
        }
        if last {
            if let Some(grain) = self.grain_word(at + 1) {
                if self.tokens[at + 1].folded != self.tokens[at + 1].stem {
                    return None;
                }
                return Some((
                    relative(period_of(shifted(today, grain, -1), grain, week_start)),
                    at + 2,
                ));
            }
            let few = match self.word(at + 1) {
                "couple" => Some((2, self.skip(at + 2, &["of"]))),
                "few" => Some((3, at + 2)),
                _ => None,
            };
            if let Some((n, next)) = few.or_else(|| self.number(at + 1))
                && let Some(grain) = self.grain_word(next)
                && (1..=400).contains(&n)
            {
                // The last n whole periods, the current one included when the data reaches its end.
                let current = period_of(today, grain, week_start);
                let complete = current.end == Some(today.saturating_add(1.days()));
                let (start, end) = if complete || grain == Grain::Day {
                    (shifted(current.start?, grain, -(n - 1)), current.end)
                } else {
                    (shifted(current.start?, grain, -n), current.start)
                };
                let label = format!(
                    "the last {n} {}s ({start} to {})",
                    grain_noun(grain),
                    end.map_or(String::new(), |e| e.saturating_sub(1.days()).to_string())
                );
                return Some((
                    TimeSense::Range(Period {
                        start: Some(start),
                        end,
                        label,
                        grain: None,
                        relative: true,
                    }),
                    next + 1,
                ));
            }
        }
        if let Some((n, next)) = self.number(at)
            && let Some(grain) = self.grain_word(next)
            && self.word(next + 1) == "ago"
        {
            // "placed over 2 weeks ago": before that day.
            let longer = at
                .checked_sub(1)
                .is_some_and(|b| matches!(self.word(b), "over" | "than"));
            if longer {
                return None;
            }
            return Some((
                relative(period_of(shifted(today, grain, -n), grain, week_start)),
                next + 2,
            ));
        }
        None
    }
}

fn relative(period: Period) -> TimeSense {
    TimeSense::Range(Period {
        relative: true,
        ..period
    })
}

/// Singular noun of a grain.
pub fn grain_noun(grain: Grain) -> &'static str {
    match grain {
        Grain::Hour => "hour",
        Grain::Day => "day",
        Grain::Week => "week",
        Grain::Month => "month",
        Grain::Quarter => "quarter",
        Grain::Year => "year",
        Grain::HourOfDay => "hour of the day",
        Grain::Weekday => "weekday",
        Grain::MonthOfYear => "month of the year",
        Grain::QuarterOfYear => "quarter of the year",
        Grain::WeekOfYear => "week of the year",
    }
}

fn half(h: i8) -> (i8, i8, &'static str) {
    if h == 1 {
        (1, 7, "first half")
    } else {
        (7, 13, "second half")
    }
}

fn quarter_code(word: &str) -> Option<i8> {
    match word {
        "q1" => Some(1),
        "q2" => Some(2),
        "q3" => Some(3),
        "q4" => Some(4),
        _ => None,
    }
}

fn day_number(token: Option<&Token>) -> Option<i8> {
    let token = token?;
    let digits = token
        .folded
        .trim_end_matches("st")
        .trim_end_matches("nd")
        .trim_end_matches("rd")
        .trim_end_matches("th");
    let day: i8 = digits.parse().ok()?;
    (token.text.len() <= 4 && (1..=31).contains(&day)).then_some(day)
}

fn numeric_date(word: &str) -> Option<Date> {
    let parts: Vec<&str> = word.split(['-', '/', '.']).collect();
    let [a, b, c] = parts[..] else { return None };
    let (a, b, c): (i16, i16, i16) = (a.parse().ok()?, b.parse().ok()?, c.parse().ok()?);
    if parts[0].len() == 4 {
        return Date::new(a, b as i8, c as i8).ok();
    }
    let year = if c < 100 { 2000 + c } else { c };
    if a > 12 {
        Date::new(year, b as i8, a as i8).ok()
    } else {
        Date::new(year, a as i8, b as i8).ok()
    }
}

/// Every reading of the tokens from `at` as time: (sense, token after it).
pub fn readings(tokens: &[Token], at: usize, clock: &Clock) -> Vec<(TimeSense, usize)> {
    let reader = Reader { tokens, clock };
    let mut found = Vec::new();
    let word = reader.word(at);
    let bound = match word {
        "since" => Some((Bound::Since, at + 1)),
        "after" => Some((Bound::After, at + 1)),
        "before" => Some((Bound::Before, at + 1)),
        "until" | "till" => Some((Bound::Until, at + 1)),
        "from" => Some((Bound::Since, at + 1)),
        _ => None,
    };
    if let Some((bound, next)) = bound {
        let next = reader.skip(next, &["the", "in"]);
        // "since the end of 1997" is after it, "since the start of 1997" is since it.
        let (bound, next) = match (bound, reader.word(next), reader.word(next + 1)) {
            (Bound::Since | Bound::After, "end" | "close", "of") => (Bound::After, next + 2),
            (_, "start" | "beginning", "of") => (bound, next + 2),
            (Bound::Until | Bound::Before, "end", "of") => (Bound::Until, next + 2),
            _ => (bound, next),
        };
        if let Some((sense, mut end)) = reader.period(next) {
            let onwards = matches!(reader.word(end), "on" | "onwards" | "onward" | "forward");
            if word != "from" || onwards {
                if onwards {
                    end += 1;
                }
                match sense {
                    TimeSense::Range(period) => {
                        found.push((TimeSense::Range(period.bounded(bound)), end))
                    }
                    TimeSense::Yearless {
                        rule, label, grain, ..
                    } => found.push((
                        TimeSense::Yearless {
                            rule,
                            label,
                            grain,
                            bound,
                        },
                        end,
                    )),
                    _ => {}
                }
            }
        }
    }
    found.extend(reader.hours(at));
    if let Some((mut sense, mut end)) = reader.period(at) {
        // "this month so far" ends today.
        let so_far = matches!(
            (reader.word(end), reader.word(end + 1)),
            ("so", "far") | ("to", "date") | ("until", "now") | ("till", "now")
        );
        if so_far && let TimeSense::Range(period) = &mut sense {
            let tomorrow = clock.today.saturating_add(1.days());
            if period.end.is_some_and(|e| e > tomorrow)
                && period.start.is_some_and(|s| s < tomorrow)
            {
                period.end = Some(tomorrow);
                period.label = format!("{} up to {}", period.label, clock.today);
                period.grain = None;
            }
            end += 2;
        }
        found.push((sense, end));
    }
    // "weekend against weekday": the days of work, not a breakdown by day.
    let work_days = matches!(word, "weekday" | "weekdays")
        && (tokens.iter().any(|t| t.stem == "weekend")
            || word == "weekdays" && at > 0 && reader.word(at - 1) == "on");
    if work_days {
        let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];
        let days = days.iter().map(|d| (*d).to_string()).collect();
        found.push((TimeSense::Weekdays(days, "Monday to Friday".into()), at + 1));
        return found;
    }
    for (kind, value) in english().times(word) {
        match *kind {
            "weekday" => {
                let days = vec![(*value).to_string()];
                found.push((TimeSense::Weekdays(days, format!("{value}s")), at + 1));
            }
            "weekdays" => {
                let days = value.split(' ').map(str::to_string).collect();
                found.push((
                    TimeSense::Weekdays(days, format!("{word}s").replace("ss", "s")),
                    at + 1,
                ));
            }
            "hours" => {
                if let Some((from, to)) = value.split_once(' ')
                    && let (Ok(from), Ok(to)) = (from.parse::<i8>(), to.parse::<i8>())
                {
                    let label = format!("in the {word} ({from}:00 to {}:59)", to);
                    found.push((TimeSense::Hours((from..=to).collect(), label), at + 1));
                }
            }
            "grain" => {
                if let Some(grain) = grain_named(value) {
                    found.push((TimeSense::Grain(grain), at + 1));
                }
            }
            _ => {}
        }
    }
    for length in (2..=4).rev() {
        if at + length <= tokens.len() {
            let phrase = tokens[at..at + length]
                .iter()
                .map(|t| t.folded.as_str())
                .collect::<Vec<_>>()
                .join(" ");
            for (kind, value) in english().times(&phrase) {
                if *kind == "grain"
                    && let Some(grain) = grain_named(value)
                {
                    found.push((TimeSense::Grain(grain), at + length));
                }
            }
        }
    }
    found
}

fn grain_named(name: &str) -> Option<Grain> {
    Some(match name {
        "hour" => Grain::Hour,
        "day" => Grain::Day,
        "week" => Grain::Week,
        "month" => Grain::Month,
        "quarter" => Grain::Quarter,
        "year" => Grain::Year,
        "hour_of_day" => Grain::HourOfDay,
        "weekday" => Grain::Weekday,
        "month_of_year" => Grain::MonthOfYear,
        "quarter_of_year" => Grain::QuarterOfYear,
        "week_of_year" => Grain::WeekOfYear,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::tokenize;

    fn read(text: &str) -> String {
        let tokens = tokenize(text);
        let clock = Clock {
            today: date(2022, 12, 30),
            week_start: 1,
        };
        match readings(&tokens, 0, &clock)
            .into_iter()
            .max_by_key(|(_, end)| *end)
        {
            Some((TimeSense::Range(p), end)) => format!(
                "{}..{} {} [{end}]",
                p.start.map_or("".into(), |d| d.to_string()),
                p.end.map_or("".into(), |d| d.to_string()),
                p.label
            ),
            Some((TimeSense::Yearless { label, .. }, end)) => format!("{label} [{end}]"),
            Some((other, end)) => format!("{other:?} [{end}]"),
            None => "-".into(),
        }
    }

    #[test]
    fn periods() {
        for (text, want) in [
            ("2022", "2022-01-01..2023-01-01 2022 [1]"),
            ("Q3 2021", "2021-07-01..2021-10-01 Q3 2021 [2]"),
            ("Q1 98", "1998-01-01..1998-04-01 Q1 1998 [2]"),
            (
                "second half of 1997",
                "1997-07-01..1998-01-01 second half 1997 [4]",
            ),
            ("last year", "2021-01-01..2022-01-01 2021 [2]"),
            ("since January 1998", "1998-01-01.. since January 1998 [3]"),
            (
                "14 February 2023",
                "2023-02-14..2023-02-15 14 February 2023 [3]",
            ),
            (
                "9-15 December 2019",
                "2019-12-09..2019-12-16 9–15 December 2019 [5]",
            ),
            (
                "week of 9-15 December 2019",
                "2019-12-09..2019-12-16 9–15 December 2019 [7]",
            ),
            ("Febuary", "February [1]"),
            (
                "last 3 months",
                "2022-09-01..2022-12-01 the last 3 months (2022-09-01 to 2022-11-30) [3]",
            ),
            ("day of the week", "Grain(Weekday) [4]"),
            (
                "before 10am",
                "Hours([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], \"before 10:00\") [2]",
            ),
            (
                "between 12 and 2pm",
                "Hours([12, 13], \"between 12:00 and 14:00\") [4]",
            ),
            (
                "between 11 and 1 pm",
                "Hours([11, 12], \"between 11:00 and 13:00\") [5]",
            ),
            ("after 9pm", "Hours([21, 22, 23], \"from 21:00 on\") [2]"),
        ] {
            assert_eq!(read(text), want, "{text}");
        }
    }
}
