//! The overlay of a model: everything that an Ossie document cannot say, or that would be guessed
//! if it were left out.

use super::calendar::year_end_text;
use super::document::{
    AdditivityEntry, AdditivityName, CalendarEntry, CalendarLayout, CalendarTable, CompRule,
    Condition, Conditions, DatasetEntry, Day, EventEntry, EventRule, EventTable, FieldEntry,
    FiscalYear, IndexEntry, IndexName, Level, LexiconEntry, MONTHS, Members, MetricEntry,
    MetricType, Overlay, Polarity, PolicyEntry, ProfileEntry, RelationshipEntry, UnitEntry,
    VERSION, ValuesEntry,
};
use super::fields::unit;
use crate::ossie::{Written, label_of};
use crate::sql::{MetricTree, Readers, condition_text, expression_text, row_text};
use crate::{
    Additivity, AsOf, Calendar, CalendarKind, ComparableRule, CumulativeWindow, Dataset, Event,
    EventDates, Field, FieldCurrency, Fill, Metric, MetricKind, Model, Policy, RowFilter, Unit,
    ValueIndex, Week53, WeekPattern, YearNaming,
};

/// The overlay of a model beside a document that was written of it.
pub(crate) fn extract(model: &Model, written: &Written) -> Overlay {
    let mut overlay = Overlay {
        overlay: Some(VERSION),
        model: Some(model.name.clone()),
        timezone: model.timezone.clone(),
        week_start: (model.week_start != 1).then(|| Day::of(model.week_start)),
        fiscal: model.fiscal.map(|f| FiscalYear {
            first_month: MONTHS[usize::from((f.first_month + 11) % 12)],
            named_by: f.named_by,
        }),
        calendars: model.calendars.iter().map(calendar).collect(),
        events: model.events.iter().map(event).collect(),
        default_date_role: Some(model.default_time.clone()),
        default_metric: Some(model.default_metric.clone()),
        currency: model.currency.clone(),
        currency_conversion: model.currency_conversion.clone(),
        as_of: (model.as_of != AsOf::Watermark).then(|| model.as_of.clone()),
        lexicon: lexicon(model),
        verified_queries: model.verified_queries.clone(),
        policies: model.policies.iter().map(policy).collect(),
        entities: Some(model.entities.clone()),
        ..Overlay::default()
    };
    for rule in &model.comp_rules {
        overlay
            .comp_rules
            .0
            .push((rule.name.clone(), comp_rule(model, rule)));
    }
    for dataset in &model.datasets {
        overlay
            .datasets
            .0
            .push((dataset.name.clone(), dataset_entry(dataset)));
        for field in &dataset.fields {
            let entry = field_entry(dataset, field, written);
            overlay
                .fields
                .0
                .push((format!("{}/{}", dataset.name, field.name), entry));
        }
    }
    for relationship in &model.relationships {
        let entry = RelationshipEntry {
            unique: Some(relationship.unique)
                .filter(|u| *u != written.is_unique(&relationship.name)),
            role: relationship.role.clone(),
            evidence: relationship.evidence.clone(),
        };
        if entry != RelationshipEntry::default() {
            overlay
                .relationships
                .0
                .push((relationship.name.clone(), entry));
        }
    }
    for metric in &model.metrics {
        let entry = metric_entry(model, metric, written);
        overlay.metrics.0.push((metric.name.clone(), entry));
    }
    overlay
}

fn text(filter: &RowFilter, home: Option<&Dataset>) -> String {
    let empty = Dataset::default();
    let home = home.unwrap_or(&empty);
    condition_text(filter, &home.name, Readers::Us { home, own: None }).unwrap_or_default()
}

fn calendar(calendar: &Calendar) -> CalendarEntry {
    let mut entry = CalendarEntry {
        name: calendar.name.clone(),
        kind: CalendarLayout::Table,
        week_start: None,
        year_end_rule: None,
        named_by: None,
        compare_53: (calendar.week_53 != Week53::default()).then_some(calendar.week_53),
        holidays: calendar.holidays.clone(),
        table: None,
    };
    match &calendar.kind {
        CalendarKind::Weeks {
            pattern,
            end_month,
            end_weekday,
            end_rule,
            named_by,
        } => {
            entry.kind = match pattern {
                WeekPattern::FourFiveFour => CalendarLayout::FourFiveFour,
                WeekPattern::FourFourFive => CalendarLayout::FourFourFive,
                WeekPattern::FiveFourFour => CalendarLayout::FiveFourFour,
            };
            entry.year_end_rule = Some(year_end_text(*end_weekday, *end_month, *end_rule));
            entry.named_by = (*named_by != YearNaming::Start).then_some(*named_by);
        }
        CalendarKind::Table {
            dataset,
            day,
            week,
            month,
            quarter,
            year,
            prior_year_day,
        } => {
            entry.table = Some(CalendarTable {
                dataset: dataset.clone(),
                day: day.clone(),
                week: week.clone(),
                month: month.clone(),
                quarter: quarter.clone(),
                year: year.clone(),
                prior_year_day: prior_year_day.clone(),
            });
        }
    }
    entry
}

fn event(event: &Event) -> EventEntry {
    let mut entry = EventEntry {
        name: event.name.clone(),
        synonyms: event.synonyms.clone(),
        dates: Vec::new(),
        rule: None,
        table: None,
        days_before: event.days_before,
        days_after: event.days_after,
    };
    match &event.dates {
        EventDates::Listed(days) => entry.dates = days.clone(),
        EventDates::Easter => entry.rule = Some(EventRule::Easter),
        EventDates::BlackFriday => entry.rule = Some(EventRule::BlackFriday),
        EventDates::Table {
            dataset,
            start,
            end,
            named,
        } => {
            entry.table = Some(EventTable {
                dataset: dataset.clone(),
                start: start.clone(),
                end: end.clone(),
                name_field: named.as_ref().map(|n| n.0.clone()),
                named: named.as_ref().map(|n| n.1.clone()),
            });
        }
    }
    entry
}

fn comp_rule(model: &Model, rule: &ComparableRule) -> CompRule {
    CompRule {
        store: Some(rule.store.clone()),
        opened: Some(rule.opened.clone()),
        closed: rule.closed.clone(),
        relocated: rule.relocated.clone(),
        min_age: rule.min_age,
        method: rule.method,
        closures: rule.closures,
        relocation: rule.relocation,
        online: rule.online,
        online_stores: rule
            .online_stores
            .as_ref()
            .map(|f| text(f, model.dataset(&rule.store.dataset))),
    }
}

fn lexicon(model: &Model) -> Option<LexiconEntry> {
    (!model.lexicon.is_empty()).then(|| LexiconEntry {
        verbs: model.lexicon.verbs.clone(),
        adjectives: model
            .lexicon
            .adjectives
            .iter()
            .map(|(word, filter)| (word.clone(), text(filter, None)))
            .collect(),
    })
}

fn policy(policy: &Policy) -> PolicyEntry {
    let rows: Vec<Condition> = policy
        .rows
        .iter()
        .map(|f| Condition::Text(text(f, None)))
        .collect();
    let members = Members {
        exclude: policy
            .hidden_fields
            .iter()
            .map(ToString::to_string)
            .chain(policy.hidden_metrics.iter().cloned())
            .collect(),
        mask: policy
            .masked_fields
            .iter()
            .map(ToString::to_string)
            .collect(),
    };
    PolicyEntry {
        group: policy.group.clone(),
        rows: (!rows.is_empty()).then_some(Conditions::Many(rows)),
        members: (members != Members::default()).then_some(members),
    }
}

fn dataset_entry(dataset: &Dataset) -> DatasetEntry {
    DatasetEntry {
        label: (dataset.label != label_of(&dataset.name)).then(|| dataset.label.clone()),
        entity: Some(dataset.entity.clone()),
        synonyms: None,
        grain: dataset.grain.clone(),
        event_time: Some(match &dataset.event_time_of {
            Some(other) => Some(other.to_string()),
            None => dataset.event_time.clone(),
        }),
        watermark: dataset.watermark.clone(),
        completeness: dataset.completeness.clone(),
        validity: dataset.validity.clone(),
        default_filters: dataset
            .default_filters
            .iter()
            .map(|f| text(f, Some(dataset)))
            .collect(),
        name_field: Some(dataset.name_field.clone()),
        is_fact: Some(dataset.is_fact),
        instructions: None,
        rows: dataset.rows,
        remarks: dataset.remarks.clone(),
        evidence: dataset.evidence.clone(),
    }
}

/// A unit in one word, if the word means it.
fn unit_entry(of: &Unit) -> UnitEntry {
    let word = match of {
        Unit::Fraction => "fraction",
        Unit::Days => "days",
        Unit::Plain => "plain",
        Unit::Money(None) => "money",
        Unit::Money(Some(code)) => code,
        Unit::Count(noun) => noun,
    };
    let entry = UnitEntry::Word(word.to_string());
    if unit(&entry) == *of {
        entry
    } else {
        UnitEntry::Typed(of.clone())
    }
}

fn additivity_name(of: Additivity) -> AdditivityName {
    match of {
        Additivity::Additive => AdditivityName::Additive,
        Additivity::Semi => AdditivityName::Semi,
        Additivity::Non => AdditivityName::Non,
    }
}

fn field_entry(dataset: &Dataset, field: &Field, written: &Written) -> FieldEntry {
    let measured = ProfileEntry {
        distinct: field.distinct,
        nulls: field.nulls,
        min: field.min.clone(),
        max: field.max.clone(),
    };
    let in_document = written.field(&dataset.name, &field.name);
    let values = field.values.as_ref().map(|v| ValuesEntry {
        listed: v.listed.clone(),
        closed: v.closed,
        index: v.index.map(|i| {
            IndexEntry::Name(match i {
                ValueIndex::None => IndexName::None,
                ValueIndex::Exact => IndexName::Exact,
                ValueIndex::Full => IndexName::Full,
            })
        }),
        pii: v.pii,
    });
    let expression = || {
        let readers = Readers::Us {
            home: dataset,
            own: Some(&field.name),
        };
        row_text(&field.expression, &dataset.name, readers).unwrap_or_default()
    };
    FieldEntry {
        label: (field.label != label_of(&field.name)).then(|| field.label.clone()),
        expression: in_document
            .is_none_or(|known| *known != field.expression)
            .then(expression),
        data_type: in_document.is_none().then_some(field.data_type),
        role: Some(field.role),
        subject: Some(field.subject),
        additivity: (field.role == crate::Role::Measure || field.additivity != Additivity::Non)
            .then(|| additivity_name(field.additivity)),
        unit: (field.role == crate::Role::Measure || field.unit != Unit::Plain)
            .then(|| unit_entry(&field.unit)),
        currency: field.currency.as_ref().map(|c| match c {
            FieldCurrency::Code(code) => code.clone(),
            FieldCurrency::Field(field) => field.to_string(),
        }),
        granularity: field.granularity,
        values,
        hierarchy: field.hierarchy.clone(),
        sort: field.sort.clone(),
        synonyms: (in_document.is_none() || field.synonyms.is_empty())
            .then(|| field.synonyms.clone()),
        description: (in_document.is_none() && !field.description.is_empty())
            .then(|| field.description.clone()),
        instructions: (in_document.is_none() && !field.instructions.is_empty())
            .then(|| field.instructions.clone()),
        searchable: Some(field.searchable),
        profile: (measured != ProfileEntry::default()).then_some(measured),
        evidence: field.evidence.clone(),
    }
}

fn metric_entry(model: &Model, metric: &Metric, written: &Written) -> MetricEntry {
    let in_document = written.metric(&metric.name);
    let same = in_document.is_some_and(|tree| match (tree, &metric.kind) {
        (MetricTree::Aggregate(a), MetricKind::Simple { .. }) => {
            let MetricKind::Simple {
                dataset,
                aggregation,
                expression,
                filter,
            } = &metric.kind
            else {
                return false;
            };
            a.dataset == *dataset
                && a.aggregation == *aggregation
                && a.expression == *expression
                && a.filter == *filter
        }
        _ => false,
    });
    let mut entry = if same {
        MetricEntry::default()
    } else {
        kind_keys(model, metric)
    };
    entry.label = (metric.label != label_of(&metric.name)).then(|| metric.label.clone());
    entry.additivity = Some(match &metric.semi_additive {
        Some(level) => AdditivityEntry::Level(Level {
            kind: additivity_name(metric.additivity),
            non_additive_over: level.non_additive_over.clone(),
            pick: Some(level.pick),
            missing: Some(level.missing),
            max_age: level.max_age,
        }),
        None => AdditivityEntry::Name(additivity_name(metric.additivity)),
    });
    if !matches!(metric.kind, MetricKind::BasketAttach { .. }) {
        entry.unit = Some(unit_entry(&metric.unit));
    }
    entry.polarity = metric
        .up_is_good
        .map(|up| if up { Polarity::Up } else { Polarity::Down });
    entry.empty = (metric.empty != crate::Empty::Null).then_some(metric.empty);
    entry.numerator_empty =
        (metric.numerator_empty != crate::Empty::Null).then_some(metric.numerator_empty);
    entry.min_denominator = metric.min_denominator;
    entry.time_dimension = metric.time_field.clone();
    entry.date_basis = metric.date_basis.clone();
    entry.fill = (metric.fill != Fill::None).then_some(metric.fill);
    entry.definition_source = metric.definition_source.clone();
    entry.access = (metric.access != crate::Access::Public).then_some(metric.access);
    entry.evidence = metric.evidence.clone();
    if in_document.is_none() {
        entry.synonyms = (!metric.synonyms.is_empty()).then(|| metric.synonyms.clone());
        entry.description = (!metric.description.is_empty()).then(|| metric.description.clone());
        entry.instructions = (!metric.instructions.is_empty()).then(|| metric.instructions.clone());
    }
    entry
}

/// The keys that define a metric.
fn kind_keys(model: &Model, metric: &Metric) -> MetricEntry {
    let mut entry = MetricEntry::default();
    match &metric.kind {
        MetricKind::Simple {
            dataset,
            aggregation,
            expression,
            filter,
        } => {
            entry.metric_type = Some(MetricType::Simple);
            entry.dataset = Some(dataset.clone());
            entry.aggregation = Some(*aggregation);
            let empty = Dataset::default();
            let home = model.dataset(dataset).unwrap_or(&empty);
            let readers = Readers::Us { home, own: None };
            entry.expression = expression
                .as_ref()
                .and_then(|e| row_text(e, dataset, readers));
            entry.filter = filter.as_ref().map(|f| text(f, model.dataset(dataset)));
        }
        MetricKind::Ratio {
            numerator,
            denominator,
        } => {
            entry.metric_type = Some(MetricType::Ratio);
            entry.numerator = Some(numerator.clone());
            entry.denominator = Some(denominator.clone());
        }
        MetricKind::Difference { left, right } => {
            entry.metric_type = Some(MetricType::Difference);
            entry.left = Some(left.clone());
            entry.right = Some(right.clone());
        }
        MetricKind::Derived { expression } => {
            entry.metric_type = Some(MetricType::Derived);
            entry.expression = expression_text(expression);
        }
        MetricKind::Cumulative { metric, window } => {
            entry.metric_type = Some(MetricType::Cumulative);
            entry.of = Some(metric.clone());
            match window {
                CumulativeWindow::All => {}
                CumulativeWindow::Trailing(length) => entry.window = Some(*length),
                CumulativeWindow::ToDate(unit) => entry.to_date = Some(*unit),
            }
        }
        MetricKind::Growth {
            metric,
            offset,
            show,
            align,
            calendar,
        } => {
            entry.metric_type = Some(MetricType::Growth);
            entry.of = Some(metric.clone());
            entry.offset = Some(*offset);
            entry.show = (*show != crate::Change::default()).then_some(*show);
            entry.align = (*align != crate::PeriodAlignment::default()).then_some(*align);
            entry.calendar = calendar.clone();
        }
        MetricKind::BasketAttach {
            dataset,
            basket,
            base,
            attach,
        } => {
            entry.metric_type = Some(MetricType::BasketAttach);
            entry.dataset = Some(dataset.clone());
            entry.basket = Some(basket.clone());
            let home = model.dataset(dataset);
            entry.base = Some(Condition::Text(text(base, home)));
            entry.attach = Some(Condition::Text(text(attach, home)));
        }
    }
    entry
}
