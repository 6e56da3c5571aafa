//! A question becomes a typed query, one question back, or a reasoned refusal.

use crate::compose::{Draft, Edits, Finished, Misfit, Scene, finish, read};
use crate::dialogue::{Context, asks_back, references, starts_as_follow_up};
use crate::lattice::{Path, Sense, Sources, best_paths, edges};
use crate::lexicon::english;
use crate::morphology::fold;
use crate::time::Clock;
use crate::token::{Token, TokenKind, tokenize};
use crate::values::ValueIndex;
use crate::vocabulary::Vocabulary;
use jiff::civil::Date;
use query::{Dimension, Measure, Query, Term};
use semantics::Model;

/// Longest question that is read, in characters.
const LONGEST: usize = 1_500;
/// Two readings nearer than this in score are rivals.
const RIVALRY: f64 = 0.12;
/// How much better a way through the words that makes no query may be than one that does.
const BENT: f64 = 2.6;

/// What a source's questions are read with.
pub struct Knowledge<'a> {
    /// The model.
    pub model: &'a Model,
    /// Its words.
    pub vocabulary: &'a Vocabulary,
    /// The data's values.
    pub values: &'a ValueIndex,
    /// Today.
    pub clock: Clock,
    /// First day of the data.
    pub first_day: Option<Date>,
}

/// A reading with its query.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The query; it compiles.
    pub query: Query,
    /// In English.
    pub restatement: String,
    /// Defaults that were filled in.
    pub assumptions: Vec<String>,
    /// Whether the turn goes back to an earlier one.
    pub rewinds: bool,
}

/// What became of a question.
#[expect(clippy::large_enum_variant, reason = "one value per question")]
#[derive(Debug, Clone)]
pub enum Understanding {
    /// One reading.
    Answer(Reading),
    /// Several readings, or a part is missing: what to ask, and at least two readings.
    Clarify {
        /// The question back.
        question: String,
        /// Label and reading of each option.
        options: Vec<(String, Reading)>,
    },
    /// No answer.
    Decline {
        /// Code of the published list.
        code: &'static str,
        /// What was wrong.
        message: String,
        /// The nearest question that can be answered.
        hint: String,
        /// Words that were not understood.
        unknown: Vec<String>,
    },
}

/// Reads a question; with a context, as its continuation where it is one.
pub fn understand(
    question: &str,
    knowledge: &Knowledge,
    context: Option<&Context>,
) -> Understanding {
    match weigh(question, knowledge, context, &mut |_| {}) {
        Understanding::Decline {
            code,
            message,
            hint,
            unknown,
        } => Understanding::Decline {
            hint: crate::nearest::nearest(question, code, knowledge).unwrap_or(hint),
            code,
            message,
            unknown,
        },
        other => other,
    }
}

/// The ways through a question and the readings that they make, best first, one a line: score, what
/// each stretch was read as, and what became of it.
pub fn explain(question: &str, knowledge: &Knowledge, context: Option<&Context>) -> Vec<String> {
    let mut lines = Vec::new();
    weigh(question, knowledge, context, &mut |line| lines.push(line()));
    lines
}

/// Lines at most of each kind in an explanation.
const EXPLAINED: usize = 6;

pub(crate) fn weigh(
    question: &str,
    knowledge: &Knowledge,
    context: Option<&Context>,
    trace: &mut dyn FnMut(&dyn Fn() -> String),
) -> Understanding {
    if question.chars().count() > LONGEST {
        return decline(
            knowledge,
            "off_topic",
            format!("the question is longer than {LONGEST} characters"),
            Vec::new(),
        );
    }
    let written = crate::spelling::without_courtesies(tokenize(question));
    let repairs = crate::spelling::repairs(&written, knowledge.vocabulary, knowledge.values);
    let tokens = repairs.first().map_or(&written, |r| &r.tokens).clone();
    if asks_back(&tokens) {
        return back(context, knowledge);
    }
    if asks_nothing(&tokens) {
        return decline(
            knowledge,
            "off_topic",
            "there is no question in it".into(),
            Vec::new(),
        );
    }
    let refused = refused_topic(&tokens);
    // "drop the comparison", "remove the filter": an order to the conversation, not to the data.
    let edits_query = context.is_some()
        && refused.as_ref().is_some_and(|(code, phrase)| {
            *code == "write_request"
                && matches!(
                    phrase.as_str(),
                    "drop the"
                        | "remove the"
                        | "remove all"
                        | "update the"
                        | "change all"
                        | "set all"
                )
        });
    if let Some((code, phrase)) = refused.filter(|_| !edits_query) {
        let message = match code {
            "write_request" => "data is only read here, never changed".to_string(),
            "injection" => {
                "that is an instruction to the program, not a question about the data".to_string()
            }
            "cause" => format!("“{phrase}” asks for a cause, which the data does not hold"),
            _ => format!(
                "“{phrase}” asks about the future; the data ends on {}",
                knowledge.clock.today
            ),
        };
        return decline(knowledge, code, message, Vec::new());
    }
    let characters: Vec<char> = question.chars().collect();
    let sources = Sources {
        vocabulary: knowledge.vocabulary,
        values: knowledge.values,
        clock: &knowledge.clock,
        question: &characters,
    };
    let mut edges = edges(&written, &repairs, &sources);
    let pointed = context.map_or(Vec::new(), |c| references(&tokens, c, knowledge.model));
    for item in &pointed {
        edges[item.start].push(item.clone());
    }
    let paths = best_paths(&tokens, &edges);
    let known: Vec<&Path> = paths
        .iter()
        .filter(|p| p.items.iter().all(|i| i.sense != Sense::Unknown))
        .collect();
    if known.is_empty() {
        return not_understood(&written, paths.first(), knowledge);
    }
    for path in known.iter().take(EXPLAINED) {
        trace(&|| {
            let items: Vec<String> = path
                .items
                .iter()
                .map(|i| format!("[{} {:?}]", i.text, i.sense))
                .collect();
            format!("way {:.2} {}", path.score, items.join(" "))
        });
    }
    let year_hint = context
        .and_then(|c| c.query.time.as_ref())
        .and_then(|t| t.range.as_ref())
        .and_then(|r| r.start.as_ref().or(r.end.as_ref()))
        .and_then(|d| d.parse::<Date>().ok())
        .map(|d| d.year());
    let scene = Scene {
        model: knowledge.model,
        clock: &knowledge.clock,
        year_hint,
        tokens: &tokens,
        last: context.map(|c| &c.query),
    };
    let mut found: Vec<(f64, Finished)> = Vec::new();
    let mut misfits: Vec<(f64, Misfit)> = Vec::new();
    for path in &known {
        match read(path, &scene) {
            Ok(mut draft) => {
                let mut attempts = Vec::new();
                draft.edits.referred =
                    pointed
                        .iter()
                        .filter(|p| path.items.contains(p))
                        .find_map(|p| match &p.sense {
                            Sense::Value(v) => Some(v.field.clone()),
                            _ => None,
                        });
                let own = draft.measures.iter().any(|m| m.explicit) || draft.counted;
                let follow = draft.refers
                    || draft.continues
                    || Edits {
                        implied_compare: false,
                        ..draft.edits.clone()
                    } != Edits::default()
                    || starts_as_follow_up(&tokens)
                    || is_fragment(&draft, &tokens);
                match context {
                    Some(context) if follow || !own => {
                        let base = base_of(&mut draft, context);
                        // A value of a field that is filtered already replaces the old one.
                        draft.penalty -= 0.25
                            * draft
                                .filters
                                .iter()
                                .filter_map(|b| b.field.as_ref())
                                .filter(|f| filtered(base.filter.as_ref()).contains(f))
                                .count() as f64;
                        attempts.push(finish(draft.clone(), &scene, Some(&base)));
                        let edits = draft.edits.clone();
                        if !draft.refers
                            && edits.drop.is_empty()
                            && edits.level == 0
                            && edits.referred.is_none()
                        {
                            attempts.push(finish(draft, &scene, None));
                        }
                    }
                    None if draft.refers && draft.dimensions.is_empty() && !own => {
                        attempts.push(Err(Misfit::Missing("what that refers to")));
                    }
                    _ => attempts.push(finish(draft, &scene, None)),
                }
                for attempt in attempts {
                    match attempt {
                        Ok(mut done) => {
                            done.notes.extend(path.items.iter().filter_map(|i| {
                                crate::spelling::notes(&written[i.start..i.end], &i.text)
                            }));
                            if found.len() < EXPLAINED {
                                trace(&|| {
                                    let items: Vec<&str> =
                                        path.items.iter().map(|i| i.text.as_str()).collect();
                                    format!("made of [{}]: {}", items.join("] ["), done.words)
                                });
                            }
                            let spoken = spoken_of(path, knowledge.model);
                            found.push((
                                path.score
                                    - done.penalty
                                    - distance(&done.query, knowledge.model)
                                    - elsewhere(&done.query, &spoken, knowledge.model),
                                done,
                            ));
                            break;
                        }
                        Err(misfit) => misfits.push((path.score, misfit)),
                    }
                }
            }
            Err(misfit) => misfits.push((path.score, misfit)),
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (score, misfit) in misfits.iter().take(EXPLAINED) {
        trace(&|| format!("no query {score:.2} {misfit:?}"));
    }
    for (score, finished) in found.iter().take(EXPLAINED) {
        trace(&|| {
            format!(
                "reading {score:.2} {} {}",
                finished.words,
                query::canonical(&finished.query)
            )
        });
    }
    let best_misfit = misfits
        .iter()
        .map(|m| m.0)
        .fold(f64::NEG_INFINITY, f64::max);
    if let Some((score, best)) = found.first() {
        // A much better way through the words that makes no query says that a word would be bent.
        if best_misfit > score + BENT {
            return unfit(&misfits, knowledge, context.is_some());
        }
        if let Some(outside) = outside_data(&best.query, knowledge) {
            return outside;
        }
        let model = knowledge.model;
        let rivals: Vec<&Finished> = found
            .iter()
            .skip(1)
            .filter(|(s, f)| {
                score - s < RIVALRY && same_keys(&f.query, model) != same_keys(&best.query, model)
            })
            .map(|(_, f)| f)
            .collect();
        if !rivals.is_empty() {
            let mut options: Vec<(String, Reading)> = Vec::new();
            for finished in std::iter::once(best).chain(rivals) {
                if options.len() < 4
                    && options.iter().all(|(label, r)| {
                        *label != finished.words
                            && query::canonical(&r.query) != query::canonical(&finished.query)
                    })
                {
                    options.push((finished.words.clone(), reading(finished)));
                }
            }
            if options.len() > 1 {
                return Understanding::Clarify {
                    question: "That can be read in more than one way. Which do you mean?".into(),
                    options,
                };
            }
        }
        return Understanding::Answer(reading(best));
    }
    unfit(&misfits, knowledge, context.is_some())
}

/// The query with each reference to a thing written as the thing's own key: readings that differ in
/// which copy of a key they show are one.
fn same_keys(query: &Query, model: &Model) -> String {
    // What is left out because it has no name makes no other meaning.
    let unnamed = |f: &query::Filter| matches!(f, query::Filter::Not(inner) if matches!(**inner, query::Filter::IsNull { .. }));
    let mut plain = query.clone();
    plain.filter = match plain.filter.take() {
        Some(query::Filter::And(mut parts)) => {
            parts.retain(|p| !unnamed(p));
            match parts.len() {
                0 => None,
                1 => parts.pop(),
                _ => Some(query::Filter::And(parts)),
            }
        }
        Some(f) if unnamed(&f) => None,
        other => other,
    };
    // A measure is what it computes, however it is called.
    for (i, term) in plain.metrics.iter_mut().enumerate() {
        term.name = i.to_string();
        if let Measure::Metric(name) = &term.measure
            && let Some(field) = model.summed_field(name)
        {
            term.measure = Measure::Aggregate {
                aggregation: semantics::Aggregation::Sum,
                field,
            };
        }
    }
    // A key and its copy beside it are one column; the order of rows makes no other meaning.
    let own = |f: &semantics::FieldRef| {
        model
            .relationships
            .iter()
            .find(|r| r.unique && r.from == f.dataset && r.from_fields == [f.field.clone()])
            .and_then(|r| Some(semantics::FieldRef::new(&r.to, r.to_fields.first()?)))
            .unwrap_or_else(|| f.clone())
    };
    let mut columns: Vec<Dimension> = Vec::new();
    for dimension in std::mem::take(&mut plain.dimensions) {
        let column = match dimension {
            Dimension::Field(f) if f.via.is_none() => Dimension::Field(own(&f)),
            other => other,
        };
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    plain.dimensions = columns;
    plain.order.clear();
    plain.filter = plain.filter.map(listed);
    let mut text = query::canonical(&plain);
    for r in &model.relationships {
        if let ([from], [to]) = (&r.from_fields[..], &r.to_fields[..])
            && r.unique
        {
            text = text.replace(
                &format!("\"{}.{from}\"", r.from),
                &format!("\"{}.{to}\"", r.to),
            );
        }
    }
    text
}

/// "equal to 1" written as "one of 1".
fn listed(filter: query::Filter) -> query::Filter {
    match filter {
        query::Filter::And(parts) => query::Filter::And(parts.into_iter().map(listed).collect()),
        query::Filter::Compare {
            field,
            op: query::Operator::Eq,
            value: query::Literal::Integer(value),
        } => query::Filter::In {
            field,
            values: vec![query::Literal::Text(value.to_string())],
        },
        other => other,
    }
}

/// Whether there are signs or small words only, none of which asks for anything.
fn asks_nothing(tokens: &[Token]) -> bool {
    tokens.iter().all(|t| {
        let small = english().is_ignorable(&t.folded)
            && english().roles(&t.folded).iter().all(|r| {
                matches!(
                    r.kind,
                    "among" | "conj" | "to" | "over" | "from" | "or" | "but"
                )
            });
        let asks = matches!(
            t.folded.as_str(),
            "how"
                | "what"
                | "who"
                | "which"
                | "when"
                | "where"
                | "whose"
                | "we"
                | "our"
                | "us"
                | "show"
                | "give"
                | "tell"
                | "it"
                | "is"
                | "are"
                | "doing"
                | "business"
                | "performance"
        );
        matches!(t.kind, TokenKind::Mark) && !matches!(t.folded.as_str(), "%" | "#" | "&")
            || small && !asks
    })
}

/// A measure by itself ("profit?", "average freight") is asked of what the last question was about.
fn is_fragment(draft: &Draft, tokens: &[Token]) -> bool {
    let words = tokens
        .iter()
        .filter(|t| !matches!(t.kind, TokenKind::Mark))
        .count();
    let asks = tokens.first().is_some_and(|t| {
        matches!(
            t.folded.as_str(),
            "how"
                | "what"
                | "which"
                | "who"
                | "when"
                | "where"
                | "list"
                | "show"
                | "give"
                | "is"
                | "are"
                | "did"
                | "do"
                | "does"
                | "total"
                | "overall"
        )
    });
    words <= 4
        && !asks
        && !draft.measures.is_empty()
        && draft.dimensions.is_empty()
        && draft.fields.is_empty()
        && draft.filters.is_empty()
        && draft.period.is_none()
        && draft.compare.is_none()
        && draft.rank.is_none()
        && draft.having.is_empty()
        && draft.share.is_none()
}

/// The query that a follow-up edits: the last one, about the one member that it named if the words
/// point at it.
fn base_of(draft: &mut Draft, context: &Context) -> Query {
    let mut base = context.query.clone();
    // A new ranking that points at nothing leaves the members of an earlier one.
    if !draft.refers && draft.rank.is_some() && draft.edits.referred.is_none() {
        let narrowed = |f: &query::Filter| {
            matches!(f, query::Filter::Members { field, query } if query.rank.is_some()
                && base.dimensions.contains(&Dimension::Field(field.clone())))
        };
        base.filter = match base.filter.clone() {
            Some(query::Filter::And(mut list)) => {
                list.retain(|f| !narrowed(f));
                (!list.is_empty()).then_some(query::Filter::And(list))
            }
            Some(f) if narrowed(&f) => None,
            other => other,
        };
    }
    if draft.refers
        && let Some((field, value)) = &context.single
    {
        base.rank = None;
        base.order.clear();
        base.dimensions
            .retain(|d| *d != Dimension::Field(field.clone()));
        let member = query::Filter::In {
            field: field.clone(),
            values: vec![query::Literal::Text(value.clone())],
        };
        base.filter = Some(match base.filter.take() {
            None => member,
            Some(f) => query::Filter::And(vec![f, member]),
        });
        draft
            .dimensions
            .retain(|d| *d != Dimension::Field(field.clone()));
        base.compare = None;
    }
    base
}

/// The answer before the last one.
fn back(context: Option<&Context>, knowledge: &Knowledge) -> Understanding {
    let Some(query) = context.and_then(|c| c.earlier.last()) else {
        return decline(
            knowledge,
            "off_topic",
            "there is no earlier answer in this conversation to go back to".into(),
            Vec::new(),
        );
    };
    Understanding::Answer(Reading {
        restatement: crate::restate::restate(query, knowledge.model),
        query: query.clone(),
        assumptions: vec!["back to the answer before".into()],
        rewinds: true,
    })
}

fn reading(finished: &Finished) -> Reading {
    let mut assumptions = finished.notes.clone();
    assumptions.dedup();
    Reading {
        query: finished.query.clone(),
        restatement: finished.words.clone(),
        assumptions,
        rewinds: false,
    }
}

/// The tables of the things that a way through the question names.
fn spoken_of(path: &Path, model: &Model) -> Vec<String> {
    path.items
        .iter()
        .filter_map(|i| match &i.sense {
            Sense::Named(crate::vocabulary::Named::Entity(e)) => {
                model.entities.get(*e)?.dataset.clone()
            }
            _ => None,
        })
        .collect()
}

/// "customers whose email …": a column that a table of the things spoken of has as well is meant there.
fn elsewhere(query: &Query, spoken: &[String], model: &Model) -> f64 {
    if spoken.is_empty() {
        return 0.0;
    }
    let mut fields: Vec<semantics::FieldRef> = query
        .dimensions
        .iter()
        .filter_map(|d| match d {
            Dimension::Field(f) => Some(f.clone()),
            _ => None,
        })
        .collect();
    fields.extend(query.rows.iter().flat_map(|r| r.fields.clone()));
    fields.extend(query.metrics.iter().filter_map(|t| match &t.measure {
        Measure::Aggregate { field, .. } => Some(field.clone()),
        _ => None,
    }));
    collect_fields(query.filter.as_ref(), &mut fields);
    let last = |f: &semantics::Field| {
        f.label
            .rsplit(' ')
            .next()
            .unwrap_or_default()
            .to_lowercase()
    };
    let mut cost = 0.0;
    for field in fields {
        let Some(known) = model.field(&field) else {
            continue;
        };
        let noun = last(known);
        let there = |exact: bool| {
            spoken
                .iter()
                .filter_map(|d| model.dataset(d))
                .flat_map(|d| &d.fields)
                .any(|f| {
                    if exact {
                        f.label.eq_ignore_ascii_case(&known.label)
                    } else {
                        last(f) == noun
                    }
                })
        };
        let listed = query
            .rows
            .as_ref()
            .is_some_and(|r| r.dataset == field.dataset);
        if !listed
            && !spoken.contains(&field.dataset)
            && !matches!(noun.as_str(), "id" | "name" | "date")
        {
            if there(true) {
                cost += 0.3;
            } else if there(false) && known.label.contains(' ') {
                cost += 0.25;
            }
        }
    }
    cost
}

/// How far the query's fields lie from its numbers: near fields are the likelier meaning.
fn distance(query: &Query, model: &Model) -> f64 {
    let homes: Vec<String> = query
        .metrics
        .iter()
        .flat_map(|t| query::home_datasets(model, &t.measure))
        .collect();
    let mut far = 0.0;
    if let Some(rows) = &query.rows {
        far += 0.15
            * rows
                .fields
                .iter()
                .filter(|f| {
                    f.dataset != rows.dataset
                        && model
                            .field(f)
                            .is_some_and(|x| x.role == semantics::Role::Measure)
                })
                .count() as f64;
    }
    let mut fields: Vec<semantics::FieldRef> = query
        .dimensions
        .iter()
        .filter_map(|d| match d {
            Dimension::Field(f) => Some(f.clone()),
            _ => None,
        })
        .collect();
    collect_fields(query.filter.as_ref(), &mut fields);
    // A thing counted for each of itself is always one.
    let itself = query.having.is_empty()
        && query.metrics.len() == 1
        && matches!(&query.metrics[0].measure, Measure::Rows(dataset)
            if query.dimensions.iter().any(|d| matches!(d, Dimension::Field(f)
                if model.entities.iter().any(|e| e.dataset.as_ref() == Some(dataset) && e.key == *f))));
    if itself {
        far += 1.0;
    }
    // A look-up reads the row that its filter finds.
    if homes.is_empty() {
        let mut shown: Vec<&str> = query
            .dimensions
            .iter()
            .filter_map(|d| match d {
                Dimension::Field(f) => Some(f.dataset.as_str()),
                _ => None,
            })
            .collect();
        if let Some(rows) = &query.rows {
            shown.extend(rows.fields.iter().map(|f| f.dataset.as_str()));
        }
        let found_in = filtered(query.filter.as_ref());
        if !found_in.is_empty() {
            far += 0.3
                * shown
                    .iter()
                    .filter(|d| found_in.iter().all(|f| f.dataset != **d))
                    .count() as f64;
        }
    }
    for field in &fields {
        let Some(home) = homes.first() else { continue };
        far += match query::reachable(model, home, field) {
            Ok(path) => 0.08 * path.steps.len() as f64,
            Err(_) => 1.5,
        };
        // People mean the customer's place unless they say otherwise.
        let dataset = model.dataset(&field.dataset);
        let place = model.field(field).is_some_and(|f| {
            matches!(
                f.subject,
                semantics::Subject::Country
                    | semantics::Subject::City
                    | semantics::Subject::State
                    | semantics::Subject::Region
            )
        });
        if place
            && field.dataset != *home
            && let Some(dataset) = dataset
        {
            let entity = dataset.entity.as_str();
            let of_customers = query.metrics.first().is_some_and(|t| match &t.measure {
                Measure::Metric(name) => name == "customers",
                _ => false,
            });
            far += if entity.contains("customer") || entity.contains("client") {
                if of_customers { -0.6 } else { -0.2 }
            } else if ["store", "shop", "branch", "outlet"]
                .iter()
                .any(|w| entity.contains(w))
            {
                // A shop's takings are spoken of by the place of the shop.
                -0.4
            } else if ["supplier", "employee", "vendor"]
                .iter()
                .any(|w| entity.contains(w))
            {
                0.3
            } else {
                0.0
            };
            if field.field.starts_with("ship") || field.field.starts_with("bill") {
                far += 0.12;
            }
        }
    }
    far
}

fn filtered(filter: Option<&query::Filter>) -> Vec<semantics::FieldRef> {
    let mut fields = Vec::new();
    collect_fields(filter, &mut fields);
    fields
}

fn collect_fields(filter: Option<&query::Filter>, out: &mut Vec<semantics::FieldRef>) {
    match filter {
        Some(query::Filter::And(list) | query::Filter::Or(list)) => {
            list.iter().for_each(|f| collect_fields(Some(f), out))
        }
        Some(query::Filter::Not(inner)) => collect_fields(Some(inner), out),
        Some(
            query::Filter::In { field, .. }
            | query::Filter::Compare { field, .. }
            | query::Filter::Contains { field, .. }
            | query::Filter::CompareQuery { field, .. },
        ) => out.push(field.clone()),
        _ => {}
    }
}

fn refused_topic(tokens: &[Token]) -> Option<(&'static str, String)> {
    let text = format!(
        " {} ",
        tokens
            .iter()
            .map(|t| t.folded.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    );
    for (code, phrases) in english().topics() {
        if *code == "off_topic" {
            continue;
        }
        for phrase in phrases {
            if let Some(at) = text.find(&format!(" {phrase} ")) {
                // An order to change data comes at the front.
                let words_before = text[..at].split_whitespace().count();
                if *code != "write_request" || words_before <= 4 {
                    return Some((code, phrase.clone()));
                }
            }
        }
    }
    None
}

fn decline(
    knowledge: &Knowledge,
    code: &'static str,
    message: String,
    unknown: Vec<String>,
) -> Understanding {
    let example = knowledge
        .model
        .default_metric
        .as_ref()
        .and_then(|m| knowledge.model.metric(m))
        .map(|m| m.label.to_lowercase());
    let group = knowledge
        .model
        .entities
        .iter()
        .find(|e| {
            matches!(
                e.name.as_str(),
                "region" | "category" | "product" | "item" | "country" | "customer"
            )
        })
        .or_else(|| knowledge.model.entities.first());
    let hint = match (example, group) {
        (Some(metric), Some(entity)) => format!("{metric} by {}", entity.name),
        (None, Some(entity)) => format!("how many {}?", crate::compose::plural(&entity.name)),
        _ => "ask about a column of the data".to_string(),
    };
    Understanding::Decline {
        code,
        message,
        hint,
        unknown,
    }
}

fn not_understood(tokens: &[Token], path: Option<&Path>, knowledge: &Knowledge) -> Understanding {
    let unknown: Vec<String> = path
        .map(|p| {
            p.items
                .iter()
                .filter(|i| i.sense == Sense::Unknown)
                .map(|i| tokens[i.start].text.clone())
                .collect()
        })
        .unwrap_or_default();
    let text = format!(
        " {} ",
        tokens
            .iter()
            .map(|t| t.folded.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    );
    let off_topic = english()
        .topics()
        .iter()
        .filter(|(c, _)| *c == "off_topic")
        .any(|(_, phrases)| phrases.iter().any(|p| text.contains(&format!(" {p} "))));
    let content = tokens
        .iter()
        .filter(|t| matches!(t.kind, TokenKind::Word) && !english().is_ignorable(&t.folded))
        .count();
    let proper = unknown
        .iter()
        .any(|w| w.chars().next().is_some_and(char::is_uppercase))
        && tokens
            .first()
            .is_some_and(|t| Some(&t.text) != unknown.first());
    let code = if off_topic || (content > 0 && unknown.len() >= content) {
        "off_topic"
    } else if proper {
        "unknown_value"
    } else {
        "unknown_metric"
    };
    let mut message = format!(
        "not understood: {}",
        unknown
            .iter()
            .map(|w| format!("“{w}”"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    let mut near: Vec<String> = Vec::new();
    for word in &unknown {
        near.extend(knowledge.vocabulary.near(&fold(word), 2));
        near.extend(knowledge.values.near(&fold(word), 2));
    }
    if !near.is_empty() {
        message.push_str(&format!("; near to it in the data: {}", near.join(", ")));
    }
    decline(knowledge, code, message, unknown)
}

fn unfit(misfits: &[(f64, Misfit)], knowledge: &Knowledge, in_conversation: bool) -> Understanding {
    let Some((_, misfit)) = misfits.iter().max_by(|a, b| a.0.total_cmp(&b.0)) else {
        return decline(
            knowledge,
            "off_topic",
            "there is nothing to answer in it".into(),
            Vec::new(),
        );
    };
    match misfit {
        Misfit::Missing(what) => {
            let options = general_options(knowledge);
            if options.len() > 1 && !(in_conversation && what.is_empty()) {
                return Understanding::Clarify {
                    question: format!("The question leaves open {what}. Do you mean one of these?"),
                    options,
                };
            }
            decline(
                knowledge,
                "unknown_metric",
                format!("the question leaves open {what}"),
                Vec::new(),
            )
        }
        Misfit::Unused(word) | Misfit::Unsupported(word) => decline(
            knowledge,
            "unknown_metric",
            format!("“{word}” has no place in what was understood"),
            vec![word.clone()],
        ),
        Misfit::Refused { code, message } => decline(
            knowledge,
            "unknown_field",
            format!("{message} ({code})"),
            Vec::new(),
        ),
    }
}

/// Readings to offer when a question leaves its main part open.
fn general_options(knowledge: &Knowledge) -> Vec<(String, Reading)> {
    let model = knowledge.model;
    let mut options = Vec::new();
    let Some(metric) = model.default_metric.as_ref().and_then(|m| model.metric(m)) else {
        return options;
    };
    let term = Term {
        name: metric.label.clone(),
        measure: Measure::Metric(metric.name.clone()),
    };
    let mut queries = Vec::new();
    for noun in [
        "product", "item", "customer", "category", "region", "store", "country", "state",
    ] {
        if let Some(entity) = model.entities.iter().find(|e| e.name == noun) {
            queries.push(Query {
                metrics: vec![term.clone()],
                dimensions: vec![Dimension::Field(entity.display.clone())],
                rank: Some(query::Rank::new(
                    0,
                    query::Part::Value,
                    query::Direction::Descending,
                    10,
                )),
                ..Query::default()
            });
        }
    }
    queries.truncate(2);
    if let Some(time) = &model.default_time {
        queries.push(Query {
            metrics: vec![term.clone()],
            dimensions: vec![Dimension::Time(query::Grain::Year)],
            time: Some(query::TimeScope {
                field: time.clone(),
                range: None,
                calendar: None,
            }),
            ..Query::default()
        });
    }
    queries.push(Query {
        metrics: vec![term],
        ..Query::default()
    });
    for query in queries {
        if query::compile(model, &query, query::Dialect::DuckDb).is_ok() {
            let restatement = crate::restate::restate(&query, model);
            options.push((
                restatement.clone(),
                Reading {
                    query,
                    restatement,
                    assumptions: Vec::new(),
                    rewinds: false,
                },
            ));
        }
    }
    options.truncate(4);
    options
}

/// A period that lies wholly outside the data is declined, not answered with nothing.
fn outside_data(query: &Query, knowledge: &Knowledge) -> Option<Understanding> {
    let mut ranges: Vec<&query::DateRange> =
        query.time.iter().filter_map(|t| t.range.as_ref()).collect();
    if let Some(query::Compare {
        to: query::CompareTo::Range(range),
        ..
    }) = &query.compare
    {
        ranges.push(range);
    }
    let first = knowledge.first_day?;
    for range in ranges {
        let start = range.start.as_deref().and_then(|d| d.parse::<Date>().ok());
        let end = range.end.as_deref().and_then(|d| d.parse::<Date>().ok());
        if start.is_some_and(|s| s > knowledge.clock.today) || end.is_some_and(|e| e <= first) {
            return Some(decline(
                knowledge,
                "outside_data",
                format!(
                    "the data covers {first} to {}; {} lies outside",
                    knowledge.clock.today, range.label
                ),
                Vec::new(),
            ));
        }
    }
    None
}
