//! One text for all spellings of a query, and its hash: the cache key.

use crate::{
    Align, Banded, Compare, Decompose, Dimension, Filter, Having, Literal, Measure, Query, Term,
    Threshold,
};

/// Deterministic JSON of a query: the same for queries that differ only in the order or the
/// nesting of conditions that all have to hold (or of alternatives), in repeats of them, in the
/// order of listed values, in the spelling of a number (`5` and `5.0`), in what people call a
/// range, or in a watermark that nothing looks at.
pub fn canonical(query: &Query) -> String {
    // A query has text keys and finite depth: it always has a JSON form.
    serde_json::to_string(&normal(query)).unwrap_or_default()
}

/// Hash of the canonical query (blake3, hex).
pub fn hash(query: &Query) -> String {
    blake3::hash(canonical(query).as_bytes())
        .to_hex()
        .to_string()
}

/// The normal form of a query; it means the same.
fn normal(query: &Query) -> Query {
    let mut query = query.clone();
    if let Some(range) = query.time.as_mut().and_then(|t| t.range.as_mut()) {
        range.label.clear();
    }
    query.filter = query.filter.as_ref().map(filter).filter(|f| !is_true(f));
    query.metrics = query
        .metrics
        .iter()
        .map(|t| Term {
            name: t.name.clone(),
            measure: measure(&t.measure),
        })
        .collect();
    query.dimensions = query.dimensions.iter().map(dimension).collect();
    query.having = conditions(&query.having);
    if let Some(Compare {
        align: Align::Full,
        watermark,
        ..
    }) = &mut query.compare
    {
        *watermark = None;
    }
    if let Some(sets) = &mut query.sets {
        sets.queries = sets.queries.iter().map(normal).collect();
    }
    if let Some(basket) = &mut query.basket {
        for side in [&mut basket.first, &mut basket.second] {
            *side = side.as_ref().map(filter);
        }
    }
    if let Some(Decompose::PriceVolumeMix(mix)) = &mut query.decompose {
        mix.value.measure = measure(&mix.value.measure);
        mix.quantity = measure(&mix.quantity);
        mix.per = mix.per.iter().map(dimension).collect();
    }
    if let Some(term) = query.cohort.as_mut().and_then(|c| c.measure.as_mut()) {
        term.measure = measure(&term.measure);
    }
    query
}

fn is_true(filter: &Filter) -> bool {
    matches!(filter, Filter::And(parts) if parts.is_empty())
}

fn filter(from: &Filter) -> Filter {
    match from {
        Filter::And(parts) => joined(parts, true),
        Filter::Or(parts) => joined(parts, false),
        Filter::Not(inner) => match filter(inner) {
            Filter::Not(twice) => *twice,
            other => Filter::Not(Box::new(other)),
        },
        Filter::Compare { field, op, value } => Filter::Compare {
            field: field.clone(),
            op: *op,
            value: literal(value),
        },
        Filter::In { field, values } => Filter::In {
            field: field.clone(),
            values: listed(values),
        },
        Filter::Cycle {
            field,
            grain,
            values,
        } => Filter::Cycle {
            field: field.clone(),
            grain: *grain,
            values: listed(values),
        },
        Filter::During { field, range } => {
            let mut range = range.clone();
            range.label.clear();
            Filter::During {
                field: field.clone(),
                range,
            }
        }
        Filter::Members { field, query } => Filter::Members {
            field: field.clone(),
            query: Box::new(normal(query)),
        },
        Filter::CompareQuery { field, op, query } => Filter::CompareQuery {
            field: field.clone(),
            op: *op,
            query: Box::new(normal(query)),
        },
        Filter::CompareFields { .. } | Filter::Contains { .. } | Filter::IsNull { .. } => {
            from.clone()
        }
    }
}

/// Conditions that all hold, or alternatives: flat, each once, in the order of their text.
fn joined(parts: &[Filter], all: bool) -> Filter {
    let mut flat = Vec::new();
    for part in parts.iter().map(filter) {
        match part {
            Filter::And(inner) if all => flat.extend(inner),
            Filter::Or(inner) if !all => flat.extend(inner),
            other => flat.push(other),
        }
    }
    let mut flat = sorted(flat);
    match (flat.len(), all) {
        (1, _) => flat.swap_remove(0),
        (_, true) => Filter::And(flat),
        (_, false) => Filter::Or(flat),
    }
}

fn literal(value: &Literal) -> Literal {
    match value {
        // Every whole number up to here has an exact floating-point form.
        Literal::Number(x) if x.fract() == 0.0 && x.abs() <= 9_007_199_254_740_992.0 => {
            Literal::Integer(*x as i64)
        }
        other => other.clone(),
    }
}

fn listed(values: &[Literal]) -> Vec<Literal> {
    sorted(values.iter().map(literal).collect())
}

fn conditions(having: &[Having]) -> Vec<Having> {
    sorted(having.iter().map(condition).collect())
}

fn condition(having: &Having) -> Having {
    fn flat(having: &Having, into: &mut Vec<Having>) {
        into.push(Having {
            value: threshold(&having.value),
            or: Vec::new(),
            ..having.clone()
        });
        having.or.iter().for_each(|h| flat(h, into));
    }
    let mut alternatives = Vec::new();
    flat(having, &mut alternatives);
    let mut alternatives = sorted(alternatives).into_iter();
    match alternatives.next() {
        Some(first) => Having {
            or: alternatives.collect(),
            ..first
        },
        None => having.clone(),
    }
}

fn threshold(value: &Threshold) -> Threshold {
    match value {
        Threshold::Query(query) => Threshold::Query(Box::new(normal(query))),
        Threshold::Times(factor, of) => Threshold::Times(*factor, Box::new(threshold(of))),
        other => other.clone(),
    }
}

fn dimension(from: &Dimension) -> Dimension {
    match from {
        Dimension::Bucket {
            name,
            measure: of,
            per,
        } => Dimension::Bucket {
            name: name.clone(),
            measure: Box::new(measure(of)),
            per: per.clone(),
        },
        Dimension::Band {
            name,
            of: Banded::Query(query),
            by,
        } => Dimension::Band {
            name: name.clone(),
            of: Banded::Query(Box::new(normal(query))),
            by: by.clone(),
        },
        other => other.clone(),
    }
}

fn measure(from: &Measure) -> Measure {
    let mut of = from.clone();
    for part in of.parts_mut() {
        *part = measure(part);
    }
    match &mut of {
        Measure::Where {
            measure: inner,
            filter: over,
        } => {
            **over = filter(over);
            if is_true(over) {
                return (**inner).clone();
            }
        }
        Measure::PerGroup { per, .. } => per.iter_mut().for_each(|d| *d = dimension(d)),
        Measure::BasketAttach { base, attach, .. } => {
            **base = filter(base);
            **attach = filter(attach);
        }
        Measure::CountOf(query) => **query = normal(query),
        _ => {}
    }
    of
}

/// Each once, in the order of their JSON text.
fn sorted<T: serde::Serialize>(items: Vec<T>) -> Vec<T> {
    let mut keyed: Vec<(String, T)> = items
        .into_iter()
        .map(|item| (serde_json::to_string(&item).unwrap_or_default(), item))
        .collect();
    keyed.sort_by(|a, b| a.0.cmp(&b.0));
    keyed.dedup_by(|a, b| a.0 == b.0);
    keyed.into_iter().map(|(_, item)| item).collect()
}
