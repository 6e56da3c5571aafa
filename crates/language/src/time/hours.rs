//! Times of the day: "before 10am", "between 12 and 2pm", "after 17:00".

use super::{Reader, TimeSense};
use crate::token::TokenKind;

/// An hour of the clock as it is written; `None` for the half of the day where nothing says it.
struct Clock {
    hour: i8,
    afternoon: Option<bool>,
    end: usize,
}

impl Clock {
    /// 0..=24; noon and midnight by the half of the day.
    fn on_24(&self, half: Option<bool>) -> i8 {
        match half {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        }
    }
}

impl Reader<'_> {
    /// A range of whole hours that begins at `at`: sense and the token after it.
    pub(super) fn hours(&self, at: usize) -> Option<(TimeSense, usize)> {
        match self.word(at) {
            "before" | "until" | "till" => {
                let to = self.told_hour(at + 1)?;
                let hour = to.on_24(to.afternoon);
                (hour > 0).then(|| (span(0, hour - 1, &format!("before {hour}:00")), to.end))
            }
            "after" | "since" => {
                let from = self.told_hour(at + 1)?;
                let hour = from.on_24(from.afternoon);
                (hour < 24).then(|| (span(hour, 23, &format!("from {hour}:00 on")), from.end))
            }
            "between" | "from" => {
                let from = self.hour(at + 1)?;
                if !matches!(self.word(from.end), "and" | "to" | "until" | "till" | "-") {
                    return None;
                }
                let to = self.told_hour(from.end + 1)?;
                let until = to.on_24(to.afternoon);
                // "12 to 2pm": the half of the day of the end, unless that puts it behind the start.
                let start = from.on_24(from.afternoon.or(to.afternoon));
                let start = if start >= until {
                    from.on_24(Some(false))
                } else {
                    start
                };
                (start < until).then(|| {
                    let label = format!("between {start}:00 and {until}:00");
                    (span(start, until - 1, &label), to.end)
                })
            }
            _ => {
                let only = self.told_hour(at)?;
                let hour = only.on_24(only.afternoon);
                Some((
                    span(hour, hour, &format!("between {hour}:00 and {hour}:59")),
                    only.end,
                ))
            }
        }
    }

    /// An hour that cannot be any other number: "10am", "5 pm", "17:00".
    fn told_hour(&self, at: usize) -> Option<Clock> {
        let clock = self.hour(at)?;
        let colon = self.word(at).contains(':');
        (clock.afternoon.is_some() || colon).then_some(clock)
    }

    fn hour(&self, at: usize) -> Option<Clock> {
        let token = self.tokens.get(at)?;
        let half = |word: &str| match word {
            "am" | "a.m." | "a.m" => Some(false),
            "pm" | "p.m." | "p.m" => Some(true),
            _ => None,
        };
        let (hour, afternoon, end) = match token.kind {
            TokenKind::Number(value, false) if value.fract() == 0.0 && value <= 24.0 => {
                let said = half(self.word(at + 1));
                (value as i8, said, at + 1 + usize::from(said.is_some()))
            }
            TokenKind::Word => {
                let text = token.folded.as_str();
                let digits = text.chars().take_while(char::is_ascii_digit).count();
                let rest = text.get(digits..)?;
                let hour: i8 = text.get(..digits)?.parse().ok()?;
                let said = half(rest.strip_prefix(":00").unwrap_or(rest));
                if said.is_none() && rest != ":00" {
                    return None;
                }
                (hour, said, at + 1)
            }
            _ => return None,
        };
        let fits = match afternoon {
            Some(_) => (1..=12).contains(&hour),
            None => (0..=24).contains(&hour),
        };
        fits.then_some(Clock {
            hour,
            afternoon,
            end,
        })
    }
}

fn span(from: i8, to: i8, label: &str) -> TimeSense {
    TimeSense::Hours((from..=to).collect(), label.to_string())
}
