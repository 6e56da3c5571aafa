//! Defaults, entities, calendars, policies and words.

use crate::sql::suggestion;
use crate::{CalendarKind, EventDates, FieldRef, Model, Problem};

pub(super) fn check(model: &Model, problems: &mut Vec<Problem>) {
    let mut named: Vec<(String, FieldRef)> = Vec::new();
    if let Some(time) = &model.default_time {
        match model.field(time) {
            Some(field) if field.data_type.is_temporal() => {}
            found => problems.push(Problem::error(
                "bad_time_field",
                "default_date_role",
                match found {
                    Some(_) => format!("the default time `{time}` is no date and no time"),
                    None => format!("the default time `{time}` is no field"),
                },
                "name a date or time as dataset.field",
            )),
        }
    }
    if let Some(metric) = &model.default_metric
        && model.metric(metric).is_none()
    {
        problems.push(Problem::error(
            "unknown_metric",
            "default_metric",
            format!("the default metric `{metric}` is no metric"),
            suggestion(metric, model.metrics.iter().map(|m| m.name.as_str())),
        ));
    }
    if !(1..=7).contains(&model.week_start) {
        problems.push(Problem::error(
            "bad_week_start",
            "week_start",
            format!("a week does not start on day {}", model.week_start),
            "1 is Monday, 7 is Sunday",
        ));
    }
    for dataset in &model.datasets {
        if let Some(other) = &dataset.event_time_of {
            named.push((
                format!("datasets/{}/event_time", dataset.name),
                other.clone(),
            ));
        }
    }
    for entity in &model.entities {
        let place = "entities".to_string();
        named.push((place.clone(), entity.key.clone()));
        named.push((place.clone(), entity.display.clone()));
        named.extend(entity.id_field.iter().map(|f| (place.clone(), f.clone())));
    }
    if let Some(c) = &model.currency_conversion {
        let fields = [Some(&c.from), c.to.as_ref(), Some(&c.day), Some(&c.rate)];
        named.extend(
            fields
                .into_iter()
                .flatten()
                .map(|f| ("currency_conversion".to_string(), f.clone())),
        );
    }
    for calendar in &model.calendars {
        if let CalendarKind::Table {
            dataset,
            day,
            week,
            month,
            quarter,
            year,
            prior_year_day,
        } = &calendar.kind
        {
            let fields = [Some(day), Some(year)].into_iter().chain([
                week.as_ref(),
                month.as_ref(),
                quarter.as_ref(),
                prior_year_day.as_ref(),
            ]);
            named.extend(fields.flatten().map(|f| {
                (
                    format!("calendars/{}", calendar.name),
                    FieldRef::new(dataset.as_str(), f.as_str()),
                )
            }));
        }
        for holiday in &calendar.holidays {
            if model.event(holiday).is_none() {
                problems.push(Problem::error(
                    "unknown_event",
                    format!("calendars/{}", calendar.name),
                    format!("the holiday `{holiday}` is no event"),
                    suggestion(holiday, model.events.iter().map(|e| e.name.as_str())),
                ));
            }
        }
    }
    for event in &model.events {
        if let EventDates::Table {
            dataset,
            start,
            end,
            named: by,
        } = &event.dates
        {
            let fields = [Some(start), end.as_ref(), by.as_ref().map(|b| &b.0)];
            named.extend(fields.into_iter().flatten().map(|f| {
                (
                    format!("events/{}", event.name),
                    FieldRef::new(dataset.as_str(), f.as_str()),
                )
            }));
        }
    }
    for rule in &model.comp_rules {
        let fields = [
            Some(&rule.store),
            Some(&rule.opened),
            rule.closed.as_ref(),
            rule.relocated.as_ref(),
        ];
        named.extend(
            fields
                .into_iter()
                .flatten()
                .map(|f| (format!("comp_rules/{}", rule.name), f.clone())),
        );
    }
    for policy in &model.policies {
        let place = format!("policies/{}", policy.group);
        let fields = policy
            .hidden_fields
            .iter()
            .chain(&policy.masked_fields)
            .chain(policy.rows.iter().flat_map(|r| r.fields()));
        named.extend(fields.map(|f| (place.clone(), f.clone())));
        for metric in &policy.hidden_metrics {
            if model.metric(metric).is_none() {
                problems.push(Problem::error(
                    "unknown_metric",
                    place.clone(),
                    format!("there is no metric `{metric}`"),
                    suggestion(metric, model.metrics.iter().map(|m| m.name.as_str())),
                ));
            }
        }
    }
    for (word, filter) in &model.lexicon.adjectives {
        named.extend(
            filter
                .fields()
                .into_iter()
                .map(|f| (format!("lexicon/adjectives/{word}"), f.clone())),
        );
    }
    for (word, dataset) in &model.lexicon.verbs {
        if model.dataset(dataset).is_none() {
            problems.push(Problem::error(
                "unknown_dataset",
                format!("lexicon/verbs/{word}"),
                format!("there is no dataset `{dataset}`"),
                suggestion(dataset, model.datasets.iter().map(|d| d.name.as_str())),
            ));
        }
    }
    for (place, field) in named {
        if model.field(&field).is_none() {
            problems.push(Problem::error(
                "unknown_field",
                place,
                format!("there is no field `{field}`"),
                "write dataset.field",
            ));
        }
    }
}
