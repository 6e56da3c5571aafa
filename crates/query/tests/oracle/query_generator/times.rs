//! Periods, ranges, and where in time a query looks.

use super::*;

impl QueryGenerator<'_> {
    /// A period; of dates mostly none that is shorter than a day.
    pub(super) fn grain(&mut self) -> Grain {
        let has_times = self
            .model
            .datasets
            .iter()
            .any(|d| d.fields.iter().any(|f| f.data_type == DataType::Timestamp));
        if !has_times && self.random.chance(90) {
            return *self.random.pick(&[
                Grain::Day,
                Grain::Day,
                Grain::Week,
                Grain::Month,
                Grain::Month,
                Grain::Quarter,
                Grain::Year,
                Grain::WeekOfYear,
                Grain::MonthOfYear,
                Grain::QuarterOfYear,
            ]);
        }
        *self.random.pick(&[
            Grain::Day,
            Grain::Day,
            Grain::Week,
            Grain::Month,
            Grain::Month,
            Grain::Month,
            Grain::Quarter,
            Grain::Year,
            Grain::Hour,
            Grain::Hour,
            Grain::HourOfDay,
            Grain::Weekday,
            Grain::MonthOfYear,
            Grain::QuarterOfYear,
            Grain::WeekOfYear,
        ])
    }

    pub(super) fn range(&mut self) -> DateRange {
        let (start, end) = match self.random.below(12) {
            0..4 => {
                let month = calendar::day(
                    2023 + self.random.below(3) as i64,
                    1 + self.random.below(12) as i64,
                    1,
                );
                let month = month.min(calendar::day(2025, 3, 1));
                let length = *self.random.pick(&[1, 1, 2, 3, 6, 12]);
                (Some(month), Some(calendar::add_months(month, length)))
            }
            4..6 => {
                let year = 2023 + self.random.below(3) as i64;
                (
                    Some(calendar::day(year, 1, 1)),
                    Some(calendar::day(year + 1, 1, 1)),
                )
            }
            6..9 => {
                let start = match self.random.below(3) {
                    0 => calendar::day(2024, 2, 20) + self.random.between(0, 12),
                    1 => calendar::day(2025, 2, 20) + self.random.between(0, 12),
                    _ => self.random.between(first_day(), last_day()),
                };
                (Some(start), Some(start + self.random.between(1, 27)))
            }
            9 => (Some(self.random.between(first_day(), last_day())), None),
            10 => (None, Some(self.random.between(first_day(), last_day()))),
            _ => (
                Some(calendar::day(2023, 1, 1)),
                Some(calendar::day(2025, 1, 1)),
            ),
        };
        DateRange {
            start: start.map(calendar::show_day),
            end: end.map(calendar::show_day),
            label: "then".into(),
        }
    }

    pub(super) fn time(&mut self, homes: &[String], percent: usize) -> Option<TimeScope> {
        if !self.random.chance(percent) {
            return None;
        }
        let fields = self.reachable(&homes[..homes.len().min(1)], |f| f.data_type.is_temporal());
        let field = self.random.pick_from(&fields)?;
        Some(TimeScope {
            field,
            range: self.random.chance(85).then(|| self.range()),
            calendar: self.calendar(),
        })
    }

    /// A calendar of the model's, or once in a while none that it has.
    fn calendar(&mut self) -> Option<String> {
        let mut names: Vec<String> = self
            .model
            .calendars
            .iter()
            .map(|c| c.name.clone())
            .collect();
        names.extend(self.model.fiscal.map(|_| "fiscal".to_string()));
        if self.random.chance(1) {
            return Some("lunar".into());
        }
        if !self.random.chance(40) {
            return None;
        }
        self.random.pick_from(&names)
    }
}
