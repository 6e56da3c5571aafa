//! A question becomes a typed query, one question back, or a reasoned refusal.

use crate::compose::{Draft, Edits, Finished, Misfit, Scene, finish, read};
use crate::confidence::Signs;
use crate::dialogue::{Context, asks_back, references, starts_as_follow_up};
use crate::lattice::{Path, Sense, Sources, best_paths, edges};
use crate::lexicon::english;
use crate::nearness::{
    collect_fields, distance, elsewhere, filtered, same_keys, scattered, spoken_of,
};
use crate::refusal::{decline, not_understood, outside_data, refused_topic, unfit};
use crate::time::Clock;
use crate::token::{Token, TokenKind, tokenize};
use crate::values::ValueIndex;
use crate::vocabulary::Vocabulary;
use jiff::civil::Date;
use query::{Dimension, Query};
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
    /// What the way it was read says about its being right; none where no question was read (a
    /// replay, a picked option).
    pub signs: Option<Signs>,
    /// The next readings that mean something else, best first, at most three: what to ask about where
    /// this one is too doubtful.
    pub others: Vec<(String, Query)>,
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
        Understanding::Decline { code, unknown, .. }
            if code.starts_with("unknown")
                && let Some(answer) = one_sentence(question, &unknown, knowledge, context) =>
        {
            answer
        }
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

/// The answer to one of several sentences, the last that can be read by itself, where the whole cannot
/// be; what was left aside is named with it.
fn one_sentence(
    question: &str,
    unknown: &[String],
    knowledge: &Knowledge,
    context: Option<&Context>,
) -> Option<Understanding> {
    let sentences = crate::token::sentences(question);
    if sentences.len() < 2 {
        return None;
    }
    for (at, sentence) in sentences.iter().enumerate().rev() {
        let Understanding::Answer(mut reading) = weigh(sentence, knowledge, context, &mut |_| {})
        else {
            continue;
        };
        let aside: Vec<&str> = sentences
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .map(|(_, s)| s.as_str())
            .collect();
        if !aside.iter().all(|s| is_small_talk(s)) {
            continue;
        }
        let words = if unknown.is_empty() {
            String::new()
        } else {
            format!("; not understood in it: {}", unknown.join(", "))
        };
        reading
            .assumptions
            .push(format!("left aside: “{}”{words}", aside.join(" ")));
        return Some(Understanding::Answer(reading));
    }
    None
}

/// Whether a sentence beside the question can be left aside: short, without a number, and neither an
/// order nor a topic that is refused.
fn is_small_talk(sentence: &str) -> bool {
    let tokens = tokenize(sentence);
    let words = tokens
        .iter()
        .filter(|t| !matches!(t.kind, TokenKind::Mark))
        .count();
    let orders = tokens.iter().any(|t| {
        matches!(t.kind, TokenKind::Number(..))
            || matches!(
                t.folded.as_str(),
                "list"
                    | "show"
                    | "return"
                    | "display"
                    | "give"
                    | "include"
                    | "exclude"
                    | "only"
                    | "just"
                    | "not"
                    | "no"
                    | "also"
                    | "and"
                    | "then"
                    | "by"
                    | "per"
                    | "each"
            )
    });
    let asks = tokens.first().is_some_and(|t| {
        matches!(
            t.folded.as_str(),
            "how"
                | "what"
                | "which"
                | "who"
                | "whose"
                | "when"
                | "where"
                | "why"
                | "is"
                | "are"
                | "was"
                | "were"
                | "did"
                | "do"
                | "does"
        )
    });
    words <= SMALL_TALK && !orders && !asks && refused_topic(&tokens).is_none()
}

/// The ways through a question and the readings that they make, best first, one a line: score, what
/// each stretch was read as, and what became of it.
pub fn explain(question: &str, knowledge: &Knowledge, context: Option<&Context>) -> Vec<String> {
    let mut lines = Vec::new();
    weigh(question, knowledge, context, &mut |line| lines.push(line()));
    lines
}

/// Words at most of a sentence that says nothing about what is asked.
const SMALL_TALK: usize = 8;

/// Other readings that stand behind an answer, at most.
const OTHERS: usize = 3;

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
    // "demand forecast" is a column where there is one.
    let named = refused.as_ref().is_some_and(|(code, phrase)| {
        *code == "forecast"
            && knowledge.model.datasets.iter().any(|d| {
                d.fields
                    .iter()
                    .any(|f| f.name.split('_').any(|w| w == phrase))
            })
    });
    if let Some((code, phrase)) = refused.filter(|_| !edits_query && !named) {
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
                let edited = attempts.len() > 1 || context.is_some() && follow;
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
                            let repaired = path
                                .items
                                .iter()
                                .flat_map(|i| {
                                    crate::spelling::notes(&written[i.start..i.end], &i.text)
                                })
                                .count();
                            done.signs.of_path(path, &written, repaired);
                            done.signs.of_query(&done.query, knowledge.model);
                            done.signs.set("penalty", done.penalty);
                            done.signs.set("notes", done.notes.len() as f64 / 5.0);
                            done.signs
                                .set("default_measure", f64::from(u8::from(!done.measured)));
                            done.signs.set("nouns_for_scope", done.scoped as f64);
                            done.signs.set("follow_up", f64::from(u8::from(edited)));
                            let spoken = spoken_of(path, knowledge.model);
                            found.push((
                                path.score
                                    - scattered(path, knowledge.model)
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
    weigh_against_others(&mut found, best_misfit, knowledge.model);
    if let Some((_, best)) = found.first() {
        trace(&|| {
            let signs: Vec<String> = best
                .signs
                .iter()
                .map(|(name, value)| format!("{name}={value:.3}"))
                .collect();
            format!("signs {}", signs.join(" "))
        });
    }
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
                let other = |(_, r): &(String, Reading)| {
                    query::canonical(&r.query) != query::canonical(&finished.query)
                };
                if options.len() >= 4 || !options.iter().all(other) {
                    continue;
                }
                // The same words of two columns ("share of cod": a status, or a way to pay).
                let twin = options
                    .iter()
                    .position(|(label, _)| *label == finished.words);
                let label = match twin {
                    None => finished.words.clone(),
                    Some(twin) => {
                        let (here, there) = (
                            limited(&finished.query, model),
                            limited(&options[twin].1.query, model),
                        );
                        if here == there {
                            continue;
                        }
                        options[twin].0 = format!("{} ({there})", finished.words);
                        format!("{} ({here})", finished.words)
                    }
                };
                options.push((label, reading(finished)));
            }
            if options.len() > 1 {
                return Understanding::Clarify {
                    question: "That can be read in more than one way. Which do you mean?".into(),
                    options,
                };
            }
        }
        let mut others: Vec<(String, Query)> = Vec::new();
        for (_, other) in found.iter().skip(1) {
            let fresh = same_keys(&other.query, model) != same_keys(&best.query, model)
                && other.words != best.words
                && others.iter().all(|(words, _)| *words != other.words);
            if fresh && others.len() < OTHERS {
                others.push((other.words.clone(), other.query.clone()));
            }
        }
        return Understanding::Answer(Reading {
            others,
            ..reading(best)
        });
    }
    unfit(&misfits, knowledge, context.is_some())
}

/// Labels of the columns that conditions of a query and of its measures look at.
fn limited(query: &Query, model: &Model) -> String {
    fn of_measure(measure: &query::Measure, fields: &mut Vec<semantics::FieldRef>) {
        if let query::Measure::Where { filter, .. } = measure {
            collect_fields(Some(filter), fields);
        }
        for part in measure.parts() {
            of_measure(part, fields);
        }
    }
    let mut fields = Vec::new();
    collect_fields(query.filter.as_ref(), &mut fields);
    for term in &query.metrics {
        of_measure(&term.measure, &mut fields);
    }
    let mut labels: Vec<String> = fields
        .iter()
        .filter_map(|f| model.field(f))
        .map(|f| f.label.to_lowercase())
        .collect();
    labels.dedup();
    labels.join(", ")
}

/// What the best reading's place among the others says.
fn weigh_against_others(found: &mut [(f64, Finished)], best_misfit: f64, model: &Model) {
    let Some(((score, best), others)) = found.split_first_mut() else {
        return;
    };
    let rival = others
        .iter()
        .find(|(_, f)| same_keys(&f.query, model) != same_keys(&best.query, model))
        .map_or(0.0, |(s, _)| 1.0 / (1.0 + (*score - s).max(0.0)));
    best.signs.set("rival", rival);
    let bent = if best_misfit.is_finite() {
        (best_misfit - *score).max(0.0)
    } else {
        0.0
    };
    best.signs.set("bent", bent);
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
        signs: None,
        others: Vec::new(),
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
        signs: Some(finished.signs.clone()),
        others: Vec::new(),
    }
}
