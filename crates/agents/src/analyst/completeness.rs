//! Which periods of a series the data covers from end to end.

use jiff::ToSpan;
use jiff::civil::Date;
use query::Query;
use semantics::Model;

/// Whether the period that begins on `start` is covered by the data but for a thirtieth of its length.
/// A period of unknown length or a series of unknown extent counts as covered.
pub(super) fn is_whole(start: &str, grain: &str, query: &Query, model: &Model) -> bool {
    let day = |text: &str| text.get(..10).and_then(|d| d.parse::<Date>().ok());
    let length = match grain {
        "week" => 1.week(),
        "month" => 1.month(),
        "quarter" => 3.months(),
        "year" => 1.year(),
        _ => return true,
    };
    let field = query
        .time
        .as_ref()
        .map(|t| &t.field)
        .or(model.default_time.as_ref())
        .and_then(|f| model.field(f));
    let Some(field) = field else { return true };
    let bounds = (
        field.min.as_deref().and_then(day),
        field.max.as_deref().and_then(day),
    );
    let (Some(first), Some(last), Some(start)) = (bounds.0, bounds.1, day(start)) else {
        return true;
    };
    let Ok(end) = start.checked_add(length) else {
        return true;
    };
    let days = (end - start).get_days();
    let missing_before = (first - start).get_days().max(0);
    let missing_after = (end - last).get_days() - 1;
    (missing_before + missing_after.max(0)) * 30 <= days
}

#[cfg(test)]
mod tests {
    use super::*;
    use semantics::{DataType, Dataset, Field, FieldRef, Role};

    #[test]
    fn a_month_that_the_data_ends_in_is_not_whole() {
        let date = Field {
            name: "date".into(),
            data_type: DataType::Date,
            role: Role::Time,
            min: Some("2023-01-02".into()),
            max: Some("2024-05-06".into()),
            ..Field::default()
        };
        let model = Model {
            datasets: vec![Dataset {
                name: "sales".into(),
                fields: vec![date],
                ..Dataset::default()
            }],
            default_time: Some(FieldRef::new("sales", "date")),
            ..Model::default()
        };
        let whole = |start: &str, grain: &str| is_whole(start, grain, &Query::default(), &model);
        assert!(whole("2023-01-01", "month"));
        assert!(whole("2024-04-01", "month"));
        assert!(!whole("2024-05-01", "month"));
        assert!(!whole("2024-04-01", "quarter"));
        assert!(!whole("2024-01-01", "year"));
        assert!(whole("2024-05-06", "day"));
    }
}
