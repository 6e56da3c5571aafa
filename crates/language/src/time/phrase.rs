//! Phrases of time beyond plain dates: named days, weeks by number, parts of a month, the year to
//! date of another year, the last Friday.

use super::{Bound, Period, Reader, Rule, TimeSense, month_name, months, period_of, shifted};
use crate::lexicon::english;
use crate::token::TokenKind;
use jiff::ToSpan;
use jiff::civil::Date;
use query::Grain;

impl Reader<'_> {
    /// A phrase that begins at `at`: sense and the token after it.
    pub(super) fn phrase(&self, at: usize) -> Option<(TimeSense, usize)> {
        self.short_form(at)
            .or_else(|| self.end_of(at))
            .or_else(|| self.to_date_elsewhere(at))
            .or_else(|| self.named_day(at))
            .or_else(|| self.week_number(at))
            .or_else(|| self.part_of_month(at))
            .or_else(|| self.weekday_before(at))
            .or_else(|| self.the_current(at))
            .or_else(|| self.moved(at))
            .or_else(|| self.not_for(at))
            .or_else(|| self.bare_last(at))
    }

    /// "over 2 weeks ago", "more than 30 days ago": up to the day before that one.
    pub(super) fn longer_ago(&self, at: usize) -> Option<(TimeSense, usize)> {
        let start = match (self.word(at), self.word(at + 1)) {
            ("over", _) => at + 1,
            ("more" | "longer", "than") => at + 2,
            _ => return None,
        };
        let (n, next) = self.number(start)?;
        let grain = self.grain_word(next)?;
        if self.word(next + 1) != "ago" {
            return None;
        }
        let end = shifted(self.clock.today, grain, -n);
        Some((
            TimeSense::Range(Period {
                start: None,
                end: Some(end),
                label: format!("before {end}"),
                grain: None,
                relative: true,
            }),
            next + 2,
        ))
    }

    /// "stock at the end of June": a level stands at the end of its period, so that the period says it.
    /// Of what flows the words would mean another thing, and stay unread.
    fn end_of(&self, at: usize) -> Option<(TimeSense, usize)> {
        let level = self.tokens.iter().any(|t| {
            matches!(
                t.folded.as_str(),
                "stock" | "stocks" | "inventory" | "hand" | "level" | "levels"
            )
        });
        let start = match (
            self.word(at),
            self.word(at + 1),
            self.word(at + 2),
            self.word(at + 3),
        ) {
            ("at" | "by" | "from", "the", "end" | "close", "of") => at + 4,
            ("at" | "by", "end" | "close", "of", _) => at + 3,
            _ => return None,
        };
        if !level {
            return None;
        }
        self.period(start)
    }

    /// "have not bought for 90 days", "no sales in 60 days": the last so many days.
    fn not_for(&self, at: usize) -> Option<(TimeSense, usize)> {
        let before = at.checked_sub(1).map_or("", |i| self.word(i));
        let denied = self.tokens.iter().any(|t| {
            matches!(
                t.folded.as_str(),
                "not"
                    | "never"
                    | "no"
                    | "without"
                    | "zero"
                    | "nothing"
                    | "inactive"
                    | "lapsed"
                    | "none"
            )
        });
        if !denied || !matches!(before, "for" | "in" | "within" | "over") {
            return None;
        }
        let (n, next) = self.number(at)?;
        let grain = self.grain_word(next)?;
        if !(1..=400).contains(&n) || matches!(self.word(next + 1), "ago" | "before" | "earlier") {
            return None;
        }
        let today = self.clock.today;
        let end = today.saturating_add(1.days());
        let start = shifted(end, grain, -n);
        Some((
            TimeSense::Range(Period {
                start: Some(start),
                end: Some(end),
                label: format!(
                    "the last {n} {}s ({start} to {today})",
                    super::grain_noun(grain)
                ),
                grain: None,
                relative: true,
            }),
            next + 1,
        ))
    }

    /// "this year versus last": the word stands for the same grain one back.
    fn bare_last(&self, at: usize) -> Option<(TimeSense, usize)> {
        let before = at.checked_sub(1).map_or("", |i| self.word(i));
        if self.word(at) != "last"
            || !matches!(
                before,
                "versus"
                    | "vs"
                    | "vs."
                    | "v"
                    | "against"
                    | "than"
                    | "to"
                    | "with"
                    | "and"
                    | "&"
                    | "over"
                    | "on"
            )
        {
            return None;
        }
        let alone = self.tokens.get(at + 1).is_none_or(|t| {
            matches!(t.kind, TokenKind::Mark)
                || matches!(t.folded.as_str(), "by" | "for" | "in" | "per" | "split")
        });
        let grain = (0..at.saturating_sub(1)).rev().find_map(|i| {
            matches!(self.word(i), "this" | "current")
                .then(|| self.grain_word(i + 1))
                .flatten()
        })?;
        alone.then(|| (TimeSense::Range(self.today_in(grain, 1)), at + 1))
    }

    fn today_in(&self, grain: Grain, back: i64) -> Period {
        let day = shifted(self.clock.today, grain, -back);
        Period {
            relative: true,
            ..period_of(day, grain, self.clock.week_start)
        }
    }

    /// "ly", "ttm", "the year before last".
    fn short_form(&self, at: usize) -> Option<(TimeSense, usize)> {
        let range = |grain, back| Some((TimeSense::Range(self.today_in(grain, back)), at + 1));
        match self.word(at) {
            "ly" | "py" if self.word(at + 1) != "ytd" => range(Grain::Year, 1),
            "ty" => range(Grain::Year, 0),
            "lq" => range(Grain::Quarter, 1),
            "tq" => range(Grain::Quarter, 0),
            "lm" => range(Grain::Month, 1),
            "tm" => range(Grain::Month, 0),
            "lw" => range(Grain::Week, 1),
            "tw" => range(Grain::Week, 0),
            "ttm" | "ltm" | "r12m" | "t12m" => {
                Some((TimeSense::Range(self.whole_months(12)), at + 1))
            }
            "the"
                if self.word(at + 1) == "year"
                    && self.word(at + 2) == "before"
                    && self.word(at + 3) == "last" =>
            {
                Some((TimeSense::Range(self.today_in(Grain::Year, 2)), at + 4))
            }
            _ => None,
        }
    }

    /// The last so many whole months.
    fn whole_months(&self, n: i64) -> Period {
        let today = self.clock.today;
        let current = period_of(today, Grain::Month, self.clock.week_start);
        let complete = current.end == Some(today.saturating_add(1.days()));
        let end = if complete { current.end } else { current.start };
        let start = end.map(|e| shifted(e, Grain::Month, -n));
        let day = |d: Option<Date>| d.map_or(String::new(), |d| d.to_string());
        Period {
            label: format!(
                "the last {n} months ({} to {})",
                day(start),
                day(end.map(|e| e.saturating_sub(1.days())))
            ),
            start,
            end,
            grain: None,
            relative: true,
        }
    }

    /// "ytd last year", "last year to date", "ytd 2022": the same part of another year.
    fn to_date_elsewhere(&self, at: usize) -> Option<(TimeSense, usize)> {
        let (grain, next) = match (self.word(at), self.word(at + 1), self.word(at + 2)) {
            ("ytd", ..) => (Grain::Year, at + 1),
            ("qtd", ..) => (Grain::Quarter, at + 1),
            ("mtd", ..) => (Grain::Month, at + 1),
            ("year", "to", "date") => (Grain::Year, at + 3),
            ("last" | "prior" | "previous", "ytd", _) => {
                let year = self.clock.today.year() - 1;
                return Some((self.same_part(Grain::Year, year), at + 2));
            }
            _ if matches!(self.word(at + 1), "ytd") => {
                let (year, end) = self.relative_year(at)?;
                (end == at + 1).then_some(())?;
                return Some((self.same_part(Grain::Year, year), at + 2));
            }
            _ => {
                let (year, end) = self.relative_year(at)?;
                let to_date = self.word(end) == "ytd"
                    || (self.word(end), self.word(end + 1)) == ("to", "date");
                if !to_date || year == self.clock.today.year() {
                    return None;
                }
                let end = if self.word(end) == "ytd" {
                    end + 1
                } else {
                    end + 2
                };
                return Some((self.same_part(Grain::Year, year), end));
            }
        };
        let next = self.skip(next, &["of", "in", "for"]);
        let (year, end) = self.relative_year(next).or_else(|| self.year(next))?;
        Some((self.same_part(grain, year), end))
    }

    fn same_part(&self, grain: Grain, year: i16) -> TimeSense {
        let today = self.clock.today;
        let back = i64::from(today.year() - year);
        let end = shifted(today, Grain::Year, -back);
        let start = period_of(end, grain, self.clock.week_start).start;
        TimeSense::Range(Period {
            label: format!(
                "{} to date of {year} ({} to {end})",
                super::grain_noun(grain),
                start.map_or(String::new(), |d| d.to_string())
            ),
            start,
            end: Some(end.saturating_add(1.days())),
            grain: None,
            relative: true,
        })
    }

    /// "last year", "this year", "ly": the year itself and the token after it.
    pub(super) fn relative_year(&self, at: usize) -> Option<(i16, usize)> {
        let year = self.clock.today.year();
        match (self.word(at), self.word(at + 1)) {
            ("last" | "previous" | "prior", "year") => Some((year - 1, at + 2)),
            ("this" | "current", "year") => Some((year, at + 2)),
            ("ly" | "py", _) => Some((year - 1, at + 1)),
            ("ty", _) => Some((year, at + 1)),
            _ => None,
        }
    }

    /// `2024-11`, `2024-Q3`, `Q3-24`, `2024Q3`, `2022-2024`.
    pub(super) fn code(&self, at: usize) -> Option<(TimeSense, usize)> {
        let token = self.tokens.get(at)?;
        let year_of = |text: &str| -> Option<i16> {
            let n: i16 = text.parse().ok()?;
            match text.len() {
                4 => (1900..=2100).contains(&n).then_some(n),
                2 => Some(2000 + n),
                _ => None,
            }
        };
        let quarter = |year: i16, q: i8| {
            TimeSense::Range(months(
                year,
                q * 3 - 2,
                q * 3 + 1,
                format!("Q{q} {year}"),
                Grain::Quarter,
            ))
        };
        let flat = token.folded.replace(['-', '_', '/'], "");
        let split = |sign: char| flat.split_once(sign);
        if let Some((year, q)) = split('q')
            && let (Some(year), Ok(q @ 1..=4)) = (year_of(year), q.parse::<i8>())
        {
            return Some((quarter(year, q), at + 1));
        }
        if let Some(rest) = flat.strip_prefix('q')
            && rest.len() > 2
            && let (Ok(q @ 1..=4), Some(year)) = (rest[..1].parse::<i8>(), year_of(&rest[1..]))
        {
            return Some((quarter(year, q), at + 1));
        }
        // `2024-11` and `2022-2024` are cut at the hyphen.
        let joined = |i: usize| {
            let sign = self.tokens.get(i)?;
            let left = self.tokens.get(i.checked_sub(1)?)?;
            let right = self.tokens.get(i + 1)?;
            let tight = left.end == sign.start && sign.end == right.start;
            (matches!(sign.folded.as_str(), "-" | "–" | "/") && tight).then_some(right)
        };
        let (year, end) = self.year(at)?;
        let right = joined(end)?;
        let text = right.text.as_str();
        if text.len() == 2
            && let Ok(month @ 1..=12) = text.parse::<i8>()
            && self.word(end) != "/"
        {
            let label = format!("{} {year}", month_name(month));
            return Some((
                TimeSense::Range(months(year, month, month + 1, label, Grain::Month)),
                end + 2,
            ));
        }
        let (to, last) = self.year(end + 1)?;
        (to > year).then(|| {
            let period = Period {
                label: format!("{year} to {to}"),
                grain: None,
                ..months(year, 1, 13, String::new(), Grain::Year)
            };
            let period = Period {
                end: months(to, 1, 13, String::new(), Grain::Year).end,
                ..period
            };
            (TimeSense::Range(period), last)
        })
    }

    /// "Black Friday", "Christmas week", "last Easter", "summer 2023".
    fn named_day(&self, at: usize) -> Option<(TimeSense, usize)> {
        let lead = matches!(self.word(at), "last" | "this" | "previous") as usize;
        let (rule, name, mut end) = self.event(at + lead)?;
        let (rule, label) = match self.word(end) {
            "week" => {
                end += 1;
                (Rule::WeekOf(rule), format!("the week of {name}"))
            }
            "weekend" => {
                end += 1;
                (Rule::WeekendOf(rule), format!("the weekend of {name}"))
            }
            "day" | "period" | "season" | "time" | "holiday" => {
                end += 1;
                (*rule, name.to_string())
            }
            _ => (*rule, name.to_string()),
        };
        let grain = match rule {
            Rule::WeekOf(_) => Grain::Week,
            Rule::Span(from, to) if from != to => Grain::Quarter,
            _ => Grain::Day,
        };
        let sense = TimeSense::Yearless {
            rule,
            label,
            grain,
            bound: Bound::In,
        };
        let of = self.skip(end, &["of", "in", ","]);
        if let Some((year, next)) = self
            .relative_year(of)
            .or_else(|| self.year(of))
            .or_else(|| self.short_year(end).filter(|_| self.word(end) == "'"))
            && let Some(period) = super::in_year(&sense, year)
        {
            return Some((TimeSense::Range(period), next));
        }
        if lead == 1 {
            let today = self.clock.today;
            let year = today.year();
            let period = if self.word(at) == "this" {
                super::in_year(&sense, year)
            } else {
                (0..3)
                    .filter_map(|back| super::in_year(&sense, year - back))
                    .find(|p| p.end.is_some_and(|e| e <= today))
            };
            return period.map(|p| {
                (
                    TimeSense::Range(Period {
                        relative: true,
                        ..p
                    }),
                    end,
                )
            });
        }
        Some((sense, end))
    }

    /// The named day at `at`: its rule, its name and the token after it.
    fn event(&self, at: usize) -> Option<(&'static Rule, &'static str, usize)> {
        (1..=4usize).rev().find_map(|length| {
            let words = self.tokens.get(at..at + length)?;
            let phrase = words
                .iter()
                .map(|t| t.folded.as_str())
                .collect::<Vec<_>>()
                .join(" ");
            english()
                .event(&phrase)
                .map(|(rule, name)| (rule, name, at + length))
        })
    }

    /// "week 12", "week 12 of 2024", "wk12".
    fn week_number(&self, at: usize) -> Option<(TimeSense, usize)> {
        let (n, end) = match self.word(at) {
            "week" | "isoweek" | "kw" | "cw" => {
                let token = self.tokens.get(at + 1)?;
                let TokenKind::Number(value, false) = token.kind else {
                    return None;
                };
                (value, at + 2)
            }
            word => {
                let digits = word.strip_prefix("wk").or_else(|| word.strip_prefix('w'))?;
                (digits.parse::<f64>().ok()?, at + 1)
            }
        };
        if n.fract() != 0.0 || !(1.0..=53.0).contains(&n) || self.month(end).is_some() {
            return None;
        }
        let sense = TimeSense::Yearless {
            rule: Rule::Week(n as i8),
            label: format!("week {n}"),
            grain: Grain::Week,
            bound: Bound::In,
        };
        let of = self.skip(end, &["of", "in", ",", "year"]);
        match self.relative_year(of).or_else(|| self.year(of)) {
            Some((year, next)) => super::in_year(&sense, year).map(|p| (TimeSense::Range(p), next)),
            None => Some((sense, end)),
        }
    }

    /// "first week of December", "last 10 days of March", "mid June".
    fn part_of_month(&self, at: usize) -> Option<(TimeSense, usize)> {
        let start = self.skip(at, &["the"]);
        let word = self.word(start);
        if let Some((first, last)) = match word {
            "early" => Some((1, 10)),
            "mid" => Some((11, 20)),
            "late" => Some((21, 31)),
            _ => None,
        } && let Some(month) = self.month(start + 1)
        {
            let label = format!("{word} {}", month_name(month));
            let rule = if last == 31 {
                Rule::LastDays(month, month_length(month) - 20)
            } else {
                Rule::Days(month, first, last)
            };
            return Some(self.yearly(rule, label, start + 2));
        }
        let nth = match word {
            "last" | "final" => 0,
            _ => self.ordinal(start)?,
        };
        let (n, next) = match self.number(start + 1) {
            Some((n, next)) => (n, next),
            None => (1, start + 1),
        };
        let unit = self.tokens.get(next)?.stem.as_str();
        let days = match (unit, n) {
            ("week", _) => n * 7,
            ("day", _) => n,
            ("half", 1) => 0,
            ("fortnight", 1) => 14,
            _ => return None,
        };
        let month_at = self.skip(next + 1, &["of", "in"]);
        let month = self.month(month_at)?;
        if month_at == next + 1 {
            return None;
        }
        let said = self.tokens[start..=next]
            .iter()
            .map(|t| t.folded.as_str())
            .collect::<Vec<_>>()
            .join(" ");
        let length = month_length(month);
        let rule = match (days, nth) {
            (0, 0 | 2) => Rule::LastDays(month, length - 15),
            (0, _) => Rule::Days(month, 1, 15),
            (_, 0) => Rule::LastDays(month, i8::try_from(days).ok().filter(|d| *d <= length)?),
            (_, nth) => {
                let first = i64::from(nth - 1) * days + 1;
                let last = (first + days - 1).min(i64::from(length));
                (first <= last).then_some(())?;
                Rule::Days(month, i8::try_from(first).ok()?, i8::try_from(last).ok()?)
            }
        };
        let days = match rule {
            Rule::Days(_, a, b) => format!(" ({a}–{b})"),
            _ => String::new(),
        };
        Some(self.yearly(
            rule,
            format!("{said} of {}{days}", month_name(month)),
            month_at + 1,
        ))
    }

    fn yearly(&self, rule: Rule, label: String, end: usize) -> (TimeSense, usize) {
        let sense = TimeSense::Yearless {
            rule,
            label,
            grain: Grain::Day,
            bound: Bound::In,
        };
        let of = self.skip(end, &["of", "in", ","]);
        match self.relative_year(of).or_else(|| self.year(of)) {
            Some((year, next)) => match super::in_year(&sense, year) {
                Some(period) => (TimeSense::Range(period), next),
                None => (sense, end),
            },
            None => (sense, end),
        }
    }

    /// `Jan-Mar 2024`, `Q1-Q3`: cut at the hyphen by the tokeniser.
    pub(super) fn month_span(&self, at: usize) -> Option<(TimeSense, usize)> {
        let (left, right) = (self.tokens.get(at)?, self.tokens.get(at + 1)?);
        if right.start != left.end + 1 || left.kind != TokenKind::Word {
            return None;
        }
        let quarter = |i: usize| super::quarter_code(self.word(i));
        let (from, to, label) = match (
            self.month(at),
            self.month(at + 1),
            quarter(at),
            quarter(at + 1),
        ) {
            (Some(a), Some(b), ..) if a < b => {
                (a, b + 1, format!("{} to {}", month_name(a), month_name(b)))
            }
            (_, _, Some(a), Some(b)) if a < b => (a * 3 - 2, b * 3 + 1, format!("Q{a} to Q{b}")),
            _ => return None,
        };
        // A blank between them would be two months side by side.
        let hyphen = left.end + 1 == right.start && self.hyphenated(at);
        if !hyphen {
            return None;
        }
        let rule = Rule::Months(from, to);
        let sense = TimeSense::Yearless {
            rule,
            label,
            grain: Grain::Year,
            bound: Bound::In,
        };
        let of = self.skip(at + 2, &["of", "in", ","]);
        match self.relative_year(of).or_else(|| self.year(of)) {
            Some((year, next)) => super::in_year(&sense, year)
                .map(|p| (TimeSense::Range(Period { grain: None, ..p }), next)),
            None => Some((sense, at + 2)),
        }
    }

    /// Whether the tokeniser cut a hyphen out between two tokens: the next one says so itself.
    fn hyphenated(&self, at: usize) -> bool {
        self.tokens.get(at + 1).is_some_and(|t| t.tied == Some('-'))
    }

    /// "last Friday", "last weekend".
    fn weekday_before(&self, at: usize) -> Option<(TimeSense, usize)> {
        if !matches!(self.word(at), "last" | "this" | "past" | "previous") {
            return None;
        }
        let token = self.tokens.get(at + 1)?;
        let today = self.clock.today;
        let weekday = english()
            .times(&token.folded)
            .iter()
            .find(|(kind, _)| matches!(*kind, "weekday" | "weekdays"))?
            .1;
        let plural =
            token.folded.ends_with('s') && token.folded.len() > 4 && token.folded != token.stem;
        if plural && weekday.contains(' ') {
            return None;
        }
        let this = self.word(at) == "this";
        let mut day = if this {
            today
        } else {
            today.saturating_sub(1.days())
        };
        let (last_day, days) = match weekday.split(' ').collect::<Vec<_>>()[..] {
            [one] => (one, 1),
            ["Saturday", "Sunday"] => ("Sunday", 2),
            _ => return None,
        };
        while weekday_name(day) != last_day {
            day = day.saturating_sub(1.days());
        }
        let start = day.saturating_sub(i64::from(days - 1).days());
        let label = if days == 1 {
            format!("{last_day} {start}")
        } else {
            format!("the weekend of {start} to {day}")
        };
        Some((
            TimeSense::Range(Period {
                start: Some(start),
                end: Some(day.saturating_add(1.days())),
                label,
                grain: (days == 1).then_some(Grain::Day),
                relative: true,
            }),
            at + 2,
        ))
    }

    /// "for the year", "over the quarter": the current one.
    fn the_current(&self, at: usize) -> Option<(TimeSense, usize)> {
        let before = at.checked_sub(1).map_or("", |i| self.word(i));
        if self.word(at) != "the" || !matches!(before, "for" | "over" | "during" | "throughout") {
            return None;
        }
        let grain = self.grain_word(at + 1)?;
        let singular = self.tokens[at + 1].folded == self.tokens[at + 1].stem;
        let goes_on = matches!(
            self.word(at + 2),
            "before"
                | "after"
                | "of"
                | "to"
                | "ending"
                | "ended"
                | "in"
                | "from"
                | "starting"
                | "by"
                | "that"
        ) || self.year(at + 2).is_some();
        if !singular || goes_on || grain == Grain::Day {
            return None;
        }
        Some((TimeSense::Range(self.today_in(grain, 0)), at + 2))
    }

    /// "two weeks earlier", "the following month", "the week after": moves the last period.
    fn moved(&self, at: usize) -> Option<(TimeSense, usize)> {
        let start = self.skip(at, &["the"]);
        if matches!(self.word(start), "following" | "subsequent")
            && let Some(grain) = self.grain_word(start + 1)
        {
            return Some((TimeSense::Shift(1, grain), start + 2));
        }
        if start == at + 1
            && let Some(grain) = self.grain_word(start)
            && self.word(start + 1) == "after"
            && self.word(start + 2).is_empty()
        {
            return Some((TimeSense::Shift(1, grain), start + 2));
        }
        if start == at + 1
            && let Some(grain) = self.grain_word(start)
            && matches!(self.word(start + 1), "before" | "prior" | "earlier")
            && matches!(self.word(start + 2), "" | "?")
        {
            return Some((TimeSense::Shift(-1, grain), start + 2));
        }
        let (n, next) = self.number(at)?;
        let grain = self.grain_word(next)?;
        let n = i32::try_from(n).ok().filter(|n| (1..=60).contains(n))?;
        match self.word(next + 1) {
            "earlier" | "before" if self.word(next + 2).is_empty() => {
                Some((TimeSense::Shift(-n, grain), next + 2))
            }
            "later" => Some((TimeSense::Shift(n, grain), next + 2)),
            _ => None,
        }
    }

    /// "trailing 12 months", "rolling 4 weeks": the last whole ones, unless an average over them is
    /// meant.
    pub(super) fn trails(&self, at: usize) -> bool {
        if !matches!(self.word(at), "trailing" | "rolling") {
            return false;
        }
        let after = self.number(at + 1).map_or(at + 1, |(_, next)| next) + 1;
        !self.tokens.iter().any(|t| {
            matches!(
                t.folded.as_str(),
                "average" | "avg" | "mean" | "moving" | "averages" | "daily" | "weekly"
            )
        }) && !self.word(after - 1).is_empty()
    }
}

/// English name of a day's weekday.
pub(super) fn weekday_name(day: Date) -> &'static str {
    const NAMES: [&str; 7] = [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ];
    let at = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
    NAMES[at.min(6)]
}

fn month_length(month: i8) -> i8 {
    match month {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
