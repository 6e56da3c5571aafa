//! The English sentence that says how a question was read.

use crate::time::grain_noun;
use query::{
    Banding, Basket, Cohort, CompareTo, Decompose, Dimension, Direction, End, Filter, Having,
    Literal, Measure, Operator, OrderKey, PairNumber, Part, Query, Rank, RowRank, SetOperation,
    Sets, Threshold, Ties, ToSell,
};
use semantics::{CumulativeWindow, FieldRef, Model};

fn label(model: &Model, field: &FieldRef) -> String {
    let plain = model
        .field(field)
        .map_or_else(|| field.field.clone(), |f| f.label.clone());
    let shared = model
        .datasets
        .iter()
        .filter(|d| d.fields.iter().any(|f| f.label == plain))
        .count()
        > 1;
    if shared {
        format!(
            "{} ({})",
            plain.to_lowercase(),
            model
                .dataset(&field.dataset)
                .map_or("", |d| d.label.as_str())
        )
    } else {
        plain.to_lowercase()
    }
}

fn banding(by: &Banding) -> String {
    let list = |edges: &[f64]| {
        let edges: Vec<String> = edges.iter().map(f64::to_string).collect();
        edges.join(", ")
    };
    match by {
        Banding::Width(width) => format!("in bands of {width}"),
        Banding::Edges(edges) => format!("in bands with edges at {}", list(edges)),
        Banding::Quantiles(n) => format!("in {n} groups of equal size"),
        Banding::Pareto(classes) => {
            let classes: Vec<String> = classes
                .iter()
                .map(|c| format!("{} up to {} %", c.name, (c.up_to * 1e4).round() / 1e2))
                .collect();
            format!("in classes of the running share: {}", classes.join(", "))
        }
    }
}

fn dimension(model: &Model, d: &Dimension) -> String {
    match d {
        Dimension::Field(f) => label(model, f),
        Dimension::Time(g) => grain_noun(*g).to_string(),
        Dimension::TimeOf { field, grain } => {
            format!("{} of {}", grain_noun(*grain), label(model, field))
        }
        Dimension::Bucket { name, .. } => name.to_lowercase(),
        Dimension::Band { name, by, .. } => format!("{} ({})", name.to_lowercase(), banding(by)),
        Dimension::NewOrReturning { entity, grain, .. } => format!(
            "whether the {} is new{}",
            label(model, entity),
            grain.map_or(String::new(), |g| format!(" in the {}", grain_noun(g)))
        ),
    }
}

/// What the name of a measure does not say about how it is computed.
fn measure_notes(model: &Model, measure: &Measure, notes: &mut Vec<String>) {
    match measure {
        Measure::Ratio {
            numerator: a,
            denominator: b,
        }
        | Measure::Difference { left: a, right: b } => {
            measure_notes(model, a, notes);
            measure_notes(model, b, notes);
        }
        Measure::Where { measure, .. } | Measure::PerGroup { measure, .. } => {
            measure_notes(model, measure, notes);
        }
        Measure::Dated { measure, by } => {
            notes.push(format!("dated by {}", label(model, by)));
            measure_notes(model, measure, notes);
        }
        Measure::OrZero(measure) => measure_notes(model, measure, notes),
        Measure::Opening(measure) => {
            notes.push("before the first day".into());
            measure_notes(model, measure, notes);
        }
        Measure::Cumulative { measure, window } => {
            notes.push(match window {
                CumulativeWindow::All => "since the beginning".into(),
                CumulativeWindow::Trailing(length) => format!("over the last {length}"),
                CumulativeWindow::ToDate(unit) => {
                    format!("{} to date", format!("{unit:?}").to_lowercase())
                }
            });
            measure_notes(model, measure, notes);
        }
        Measure::SellThrough { sold, of } => {
            notes.push(
                match of {
                    ToSell::OpeningStock(_) => "of the stock at the beginning",
                    ToSell::SoldAndClosingStock(_) => "of what was sold and what is left",
                    ToSell::Received(_) => "of what was received",
                }
                .into(),
            );
            measure_notes(model, sold, notes);
        }
        Measure::WeeksOfSupply { weeks, .. } => {
            notes.push(format!("at the mean sales of the last {weeks} weeks"));
        }
        Measure::BasketAttach { base, attach, .. } => notes.push(format!(
            "baskets with {} that have {} too",
            filter_words(model, base),
            filter_words(model, attach)
        )),
        Measure::ValueAt { end, field, by } => notes.push(format!(
            "the {} {} by {}",
            match end {
                End::First => "first",
                End::Last => "last",
            },
            label(model, field),
            label(model, by)
        )),
        Measure::DaysSince { field, day } => {
            notes.push(format!(
                "days from the last {} to {day}",
                label(model, field)
            ));
        }
        Measure::Metric(_) | Measure::Aggregate { .. } | Measure::Rows(_) | Measure::CountOf(_) => {
        }
    }
}

/// The names of a query's measures, each with what it does not say.
fn measures(model: &Model, query: &Query) -> String {
    let named: Vec<String> = query
        .metrics
        .iter()
        .map(|t| {
            let mut notes = Vec::new();
            measure_notes(model, &t.measure, &mut notes);
            notes.dedup();
            if notes.is_empty() {
                t.name.clone()
            } else {
                format!("{} ({})", t.name, notes.join(", "))
            }
        })
        .collect();
    named.join(" and ")
}

fn literal(value: &Literal) -> String {
    match value {
        Literal::Bool(b) => b.to_string(),
        Literal::Integer(n) => n.to_string(),
        Literal::Number(x) => x.to_string(),
        Literal::Text(t) => t.clone(),
    }
}

fn operator(op: Operator) -> &'static str {
    match op {
        Operator::Eq => "equal to",
        Operator::Ne => "other than",
        Operator::Lt => "below",
        Operator::Le => "at most",
        Operator::Gt => "above",
        Operator::Ge => "at least",
    }
}

/// A filter in words.
pub fn filter_words(model: &Model, filter: &Filter) -> String {
    match filter {
        Filter::And(list) => list
            .iter()
            .map(|f| filter_words(model, f))
            .collect::<Vec<_>>()
            .join(", "),
        Filter::Or(list) => list
            .iter()
            .map(|f| filter_words(model, f))
            .collect::<Vec<_>>()
            .join(" or "),
        Filter::Not(inner) => match &**inner {
            Filter::Members { field, query } => format!(
                "{} not among {}",
                label(model, field),
                members(model, query)
            ),
            other => format!("not {}", filter_words(model, other)),
        },
        Filter::Compare { field, op, value } => format!(
            "{} {} {}",
            label(model, field),
            operator(*op),
            literal(value)
        ),
        Filter::CompareFields { left, op, right } => format!(
            "{} {} {}",
            label(model, left),
            operator(*op),
            label(model, right)
        ),
        Filter::In { field, values } => {
            let shown: Vec<String> = values.iter().take(4).map(literal).collect();
            let more = if values.len() > 4 {
                format!(" and {} more", values.len() - 4)
            } else {
                String::new()
            };
            format!("{}: {}{more}", label(model, field), shown.join(" or "))
        }
        Filter::Contains { field, text } => format!("{} containing “{text}”", label(model, field)),
        Filter::IsNull { field } => format!("without {}", label(model, field)),
        Filter::During { field, range } => {
            format!("{} {}", label(model, field), placed(&range.label))
        }
        Filter::Cycle { values, .. } => format!(
            "on {}",
            values.iter().map(literal).collect::<Vec<_>>().join(" or ")
        ),
        Filter::Members { field, query } => {
            format!("{} among {}", label(model, field), members(model, query))
        }
        Filter::CompareQuery { field, op, query } => format!(
            "{} {} {}",
            label(model, field),
            operator(*op),
            one_number(model, query)
        ),
    }
}

/// A sub-query that gives one number.
fn one_number(model: &Model, query: &Query) -> String {
    format!("the {}", restate(query, model).to_lowercase())
}

/// A period with the word that leads to it: "in 2024", but "before July".
fn placed(label: &str) -> String {
    let led = label
        .split(' ')
        .next()
        .is_some_and(|w| matches!(w, "before" | "since" | "after" | "until"));
    if led {
        label.to_string()
    } else {
        format!("in {label}")
    }
}

fn members(model: &Model, query: &Query) -> String {
    if let Some(set) = &query.sets {
        return sets(model, set);
    }
    if query.metrics.is_empty() && query.rows.is_none() {
        let mut parts = vec!["those with a record".to_string()];
        if let Some(filter) = &query.filter {
            parts.push(format!("of {}", filter_words(model, filter)));
        }
        if let Some(range) = query.time.as_ref().and_then(|t| t.range.as_ref()) {
            parts.push(placed(&range.label));
        }
        return parts.join(" ");
    }
    format!("the {}", restate(query, model).to_lowercase())
}

/// Members put together: "those in both A and B".
fn sets(model: &Model, set: &Sets) -> String {
    let parts: Vec<String> = set.queries.iter().map(|q| members(model, q)).collect();
    match set.operation {
        SetOperation::Union => format!("those in {}", parts.join(" or in ")),
        SetOperation::Intersect => format!("those in {}", parts.join(" and in ")),
        SetOperation::Except => format!("those in {}", parts.join(" but not in ")),
    }
}

/// Pairs of items.
fn basket(model: &Model, basket: &Basket) -> String {
    let item = label(model, &basket.item);
    let mut out = format!(
        "Pairs of {item} that share a {}",
        label(model, &basket.basket)
    );
    for (side, filter) in [("first", &basket.first), ("second", &basket.second)] {
        if let Some(filter) = filter {
            out.push_str(&format!(
                ", the {side} with {}",
                filter_words(model, filter)
            ));
        }
    }
    if basket.min_baskets > 1 {
        out.push_str(&format!(", at least {} together", basket.min_baskets));
    }
    out.push_str(match basket.by {
        PairNumber::Baskets => ", most frequent first",
        PairNumber::Support => ", highest support first",
        PairNumber::Confidence => ", highest confidence first",
        PairNumber::Lift => ", highest lift first",
    });
    out
}

/// Who comes back.
fn cohort(model: &Model, cohort: &Cohort) -> String {
    let grain = grain_noun(cohort.grain);
    let mut out = format!(
        "Retention of each {} by the {grain} of its first {}, over the {} {grain}s after it",
        label(model, &cohort.entity),
        label(model, &cohort.event),
        cohort.periods
    );
    if let Some(term) = &cohort.measure {
        out.push_str(&format!(", with {}", term.name.to_lowercase()));
    }
    out.push_str(&format!(
        ", {grain}s that end after {} left blank",
        cohort.watermark
    ));
    out
}

/// How a column differs from its measure.
fn part_words(part: Part) -> &'static str {
    match part {
        Part::Value => "",
        Part::Prior => " before",
        Part::Delta => " change",
        Part::Pct => " growth",
        Part::Contribution => " contribution to growth",
        Part::ShareOfChange => " share of the change",
        Part::Share => " share",
        Part::Cumulative => " running total",
        Part::Rolling => " moving average",
    }
}

fn term(query: &Query, index: usize) -> String {
    query
        .metrics
        .get(index)
        .map_or(String::new(), |t| t.name.to_lowercase())
}

fn dimensions(model: &Model, query: &Query, indexes: &[usize]) -> String {
    indexes
        .iter()
        .filter_map(|i| query.dimensions.get(*i))
        .map(|d| dimension(model, d))
        .collect::<Vec<_>>()
        .join(" and ")
}

fn threshold(model: &Model, query: &Query, value: &Threshold) -> String {
    match value {
        Threshold::Number(x) => x.to_string(),
        Threshold::AverageOfGroups => "the average of all".into(),
        Threshold::AverageWithin(within) => format!(
            "the average of the same {}",
            dimensions(model, query, within)
        ),
        Threshold::MedianOfGroups => "the median of all".into(),
        Threshold::Metric(i) => term(query, *i),
        Threshold::Part(i, part) => format!("{}{}", term(query, *i), part_words(*part)),
        Threshold::Query(inner) => one_number(model, inner),
        Threshold::Times(factor, of) => {
            format!("{factor} times {}", threshold(model, query, of))
        }
    }
}

fn condition(model: &Model, query: &Query, having: &Having) -> String {
    let mut alternatives = vec![format!(
        "{}{} {} {}",
        term(query, having.metric),
        part_words(having.on),
        operator(having.op),
        threshold(model, query, &having.value)
    )];
    alternatives.extend(having.or.iter().map(|h| condition(model, query, h)));
    alternatives.join(" or ")
}

/// "the 3 highest", "number 2 by lowest": count and direction of a rank.
fn places(n: u32, skip: u32, percent: bool, direction: Direction) -> String {
    let way = match direction {
        Direction::Descending => "highest",
        Direction::Ascending => "lowest",
    };
    match (n, skip) {
        (1, 0) if !percent => way.into(),
        (n, 0) if percent => format!("{way} {n} %"),
        (n, 0) => format!("{n} {way}"),
        (1, skip) => format!("number {} by {way}", skip + 1),
        (n, skip) => format!("numbers {} to {} by {way}", skip + 1, skip + n),
    }
}

fn rank_notes(rank: &Rank) -> String {
    let mut notes = String::new();
    if rank.ties == Ties::Break {
        notes.push_str(", ties broken by name");
    }
    if let Some(other) = &rank.other {
        notes.push_str(&format!(", the rest as “{other}”"));
    }
    notes
}

fn row_rank(model: &Model, rank: &RowRank) -> String {
    let mut words = format!(
        " with the {} {}",
        places(rank.n, rank.skip, false, rank.direction),
        label(model, &rank.by)
    );
    if !rank.per.is_empty() {
        let per: Vec<String> = rank.per.iter().map(|f| label(model, f)).collect();
        words.push_str(&format!(" for each {}", per.join(" and ")));
    }
    if rank.ties == Ties::Break {
        words.push_str(", ties broken by the columns");
    }
    words
}

/// The reading of a query in one sentence, without a full stop.
pub fn restate(query: &Query, model: &Model) -> String {
    let mut out = String::new();
    if let Some(id) = &query.step {
        return format!("Result of the step {id}");
    }
    if let Some(set) = &query.sets {
        out = capital(&sets(model, set));
    } else if let Some(pairs) = &query.basket {
        out = basket(model, pairs);
    } else if let Some(cohorts) = &query.cohort {
        out = cohort(model, cohorts);
    } else if let Some(Decompose::PriceVolumeMix(mix)) = &query.decompose {
        let list = |of: &[Dimension]| -> String {
            let words: Vec<String> = of.iter().map(|d| dimension(model, d)).collect();
            words.join(" and ")
        };
        out = format!(
            "What price, volume and mix of {} did to {}",
            list(&mix.per),
            mix.value.name
        );
        if !query.dimensions.is_empty() {
            out.push_str(&format!(" by {}", list(&query.dimensions)));
        }
    } else if let Some(rows) = &query.rows {
        let columns: Vec<String> = rows.fields.iter().map(|f| label(model, f)).collect();
        out = format!("List of {}", columns.join(", "));
        if let Some(rank) = &rows.rank {
            out.push_str(&row_rank(model, rank));
        }
    } else if query.metrics.is_empty() {
        out = format!(
            "Values of {}",
            query
                .dimensions
                .iter()
                .map(|d| dimension(model, d))
                .collect::<Vec<_>>()
                .join(", ")
        );
    } else {
        let names: Vec<String> = query.metrics.iter().map(|t| t.name.clone()).collect();
        let counted = query.metrics.iter().find_map(|t| match &t.measure {
            Measure::CountOf(inner) => Some(inner),
            _ => None,
        });
        if let Some(inner) = counted {
            return format!("{} among: {}", names.join(" and "), restate(inner, model));
        }
        if let Some(rank) = &query.rank {
            let what = query
                .dimensions
                .iter()
                .enumerate()
                .filter(|(i, _)| !rank.per.contains(i))
                .map(|(_, d)| dimension(model, d))
                .collect::<Vec<_>>()
                .join(", ");
            let on = match rank.on {
                Part::Pct => " growth in percent",
                other => part_words(other),
            };
            out.push_str(&format!(
                "{} with the {} {}{on}",
                capital(&what),
                places(rank.n, rank.skip, rank.percent, rank.direction),
                term(query, rank.by)
            ));
            if !rank.per.is_empty() {
                out.push_str(&format!(" in each {}", dimensions(model, query, &rank.per)));
            }
            out.push_str(&rank_notes(rank));
        } else {
            out.push_str(&measures(model, query));
            if !query.dimensions.is_empty() {
                out.push_str(&format!(
                    " by {}",
                    query
                        .dimensions
                        .iter()
                        .map(|d| dimension(model, d))
                        .collect::<Vec<_>>()
                        .join(" and ")
                ));
            }
        }
        if query.cumulative {
            out.push_str(", running total");
        }
        if let Some(n) = query.rolling {
            out.push_str(&format!(", moving average over {n}"));
        }
        if query.share.is_some() {
            out.push_str(", with the share of the total");
        }
    }
    if let Some(range) = query.time.as_ref().and_then(|t| t.range.as_ref()) {
        let joint = if range.label.starts_with("since")
            || range.label.starts_with("until")
            || range.label.starts_with("before")
            || range.label.starts_with("after")
        {
            ""
        } else {
            "in "
        };
        out.push_str(&format!(", {joint}{}", range.label));
    }
    if let Some(filter) = &query.filter {
        out.push_str(&format!(", {}", filter_words(model, filter)));
    }
    if let Some(compare) = &query.compare {
        let running = query.dimensions.iter().find_map(|d| match d {
            Dimension::Time(g) if !g.is_cyclic() => Some(*g),
            _ => None,
        });
        let to = match (&compare.to, running) {
            (CompareTo::Range(range), _) => range.label.clone(),
            (CompareTo::PriorYear, _) => "the same period a year before".into(),
            (CompareTo::PriorPeriod, Some(grain)) => format!("the {} before", grain_noun(grain)),
            (CompareTo::PriorPeriod, None) => "the period before".into(),
        };
        out.push_str(&format!(", compared with {to}"));
        if let Some(rule) = &compare.comparable {
            out.push_str(&format!(
                ", comparable stores alone ({})",
                rule.replace('_', " ")
            ));
        }
    }
    for having in &query.having {
        out.push_str(&format!(", {}", condition(model, query, having)));
    }
    if let Some(order) = query.order.first()
        && query.rank.is_none()
        && let OrderKey::Metric(..) = order.key
    {
        out.push_str(if order.direction == Direction::Descending {
            ", highest first"
        } else {
            ", lowest first"
        });
    }
    out
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or(String::new(), |f| f.to_uppercase().chain(letters).collect())
}
