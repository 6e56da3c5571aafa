//! Days of the bundled period.

/// Days from 2022-01-01 to 2024-12-31.
pub(crate) const DAYS: u32 = 1096;

/// Year, month and day of the day `offset` days after 2022-01-01.
pub(crate) fn date(offset: u32) -> (u32, u32, u32) {
    let (mut year, mut rest) = (2022, offset);
    loop {
        for month in 1..=12 {
            let length = match month {
                2 if year % 4 == 0 => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            if rest < length {
                return (year, month, rest + 1);
            }
            rest -= length;
        }
        year += 1;
    }
}

/// The day as `YYYY-MM-DD`.
pub(crate) fn iso(offset: u32) -> String {
    let (year, month, day) = date(offset);
    format!("{year}-{month:02}-{day:02}")
}
