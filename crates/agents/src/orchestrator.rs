//! The orchestrator: the one place that knows the order of the agents.
//!
//! question → understanding → plan → rows → insight → verdict → answer

mod agreement;

use crate::analyst::{Finding, analyse};
use crate::assistant::{Assistant, Question};
use crate::{engineer, intent, planner, validator};
use answer::{
    AnswerDocument, Cell, Certificate, Claim, ClaimSource, Clarification, ClarificationOption,
    ErrorReport, Event, Narrative, ResultTable, Status, Verdict,
};
use language::{Context, Knowledge, Reading, Understanding, understand};
use memory::{Conversation, Turn};
use query::{Dimension, Query};
use std::time::Instant;

/// Below this probability of being right an answer is not given.
const EVEN_ODDS: f64 = 0.5;

/// Rows of a result that is unlikely to be what was asked for.
const LONG: usize = 100;

/// The program's name and version, as certificates carry it.
const PROGRAM: &str = concat!("retail ", env!("CARGO_PKG_VERSION"));

impl Assistant {
    /// Answers one question; `on_event` sees the stages as they happen.
    ///
    /// A decline or a question back leaves the conversation's last answered query in place.
    pub fn ask(
        &self,
        question: &Question,
        conversation: &mut Conversation,
        on_event: &mut dyn FnMut(&Event),
    ) -> AnswerDocument {
        let start = Instant::now();
        let mut document = AnswerDocument::empty(&question.text, Status::Failed);
        document.id = question.id.clone();
        document.conversation = question.conversation.clone();
        let (chosen, understanding) = match self.picked(question, conversation) {
            Some((label, reading)) => (Some(label), Understanding::Answer(reading)),
            None => (
                None,
                self.settled(self.understand(question, conversation), question),
            ),
        };
        document
            .timings_ms
            .insert("understand".into(), milliseconds(start));
        match understanding {
            Understanding::Answer(reading) => {
                conversation.options.clear();
                self.answer(reading, question, conversation, &mut document, on_event);
            }
            Understanding::Clarify {
                question: asked,
                options,
            } => {
                conversation.options = options
                    .iter()
                    .map(|(label, r)| (label.clone(), r.query.clone()))
                    .collect();
                let options = options
                    .into_iter()
                    .map(|(label, r)| ClarificationOption {
                        label,
                        restatement: r.restatement,
                        query: serde_json::to_value(&r.query).unwrap_or_default(),
                    })
                    .collect();
                let clarification = Clarification {
                    question: asked,
                    options,
                };
                on_event(&Event::Clarification(clarification.clone()));
                document.intent =
                    language::kind_of(&question.text).and_then(|k| intent::named(k.intent));
                document.status = Status::Clarify;
                document.clarification = Some(clarification);
            }
            Understanding::Decline {
                code,
                message,
                hint,
                unknown,
            } => {
                document.status = Status::Declined;
                document.unknown_words = unknown;
                let kind = language::kind_of(&question.text);
                document.intent = kind.and_then(|k| intent::named(k.intent));
                let message = match kind {
                    Some(kind) if code.starts_with("unknown") => {
                        format!("{message} (the question asks for {})", kind.name)
                    }
                    _ => message,
                };
                fail(&mut document, code, message, Some(hint), on_event);
            }
        }
        document
            .timings_ms
            .insert("total".into(), milliseconds(start));
        let query = conversation.context.as_ref().map(|c| c.query.clone());
        conversation.record(Turn {
            id: String::new(),
            at: 0,
            question: question.text.clone(),
            status: document.status,
            chosen,
            restatement: document.restatement.clone(),
            query: query.filter(|_| document.status == Status::Answered),
            code: document.error.as_ref().map(|e| e.code.clone()),
            seal: document.certificate.as_ref().map(Into::into),
        });
        on_event(&Event::Done(Box::new(document.clone())));
        document
    }

    /// Answers a typed query again, for a replay: each step runs.
    pub fn replay(
        &self,
        question: &Question,
        query: &serde_json::Value,
        conversation: &mut Conversation,
    ) -> AnswerDocument {
        let question = &Question {
            no_cache: true,
            ..question.clone()
        };
        let mut document = AnswerDocument::empty(&question.text, Status::Failed);
        match serde_json::from_value::<Query>(query.clone()) {
            Ok(query) => {
                let reading = Reading {
                    restatement: language::restate(&query, &self.model),
                    query,
                    assumptions: Vec::new(),
                    rewinds: false,
                    signs: None,
                    others: Vec::new(),
                };
                self.answer(reading, question, conversation, &mut document, &mut |_| {});
            }
            Err(e) => {
                document.error = Some(ErrorReport {
                    code: "query_invalid".into(),
                    message: e.to_string(),
                    hint: None,
                })
            }
        }
        document
    }

    /// A turn that names an option of the question back, by number or label: its label and reading.
    fn picked(
        &self,
        question: &Question,
        conversation: &Conversation,
    ) -> Option<(String, Reading)> {
        let text = question.text.trim();
        let by_number = text
            .parse::<usize>()
            .ok()
            .and_then(|n| n.checked_sub(1))
            .and_then(|i| conversation.options.get(i));
        let chosen = by_number.or_else(|| {
            conversation
                .options
                .iter()
                .find(|(label, _)| label.eq_ignore_ascii_case(text))
        })?;
        let reading = Reading {
            restatement: language::restate(&chosen.1, &self.model),
            query: chosen.1.clone(),
            assumptions: Vec::new(),
            rewinds: false,
            signs: None,
            others: Vec::new(),
        };
        Some((chosen.0.clone(), reading))
    }

    fn today(&self, question: &Question) -> jiff::civil::Date {
        let stated = question.as_of.as_deref().and_then(|d| d.parse().ok());
        let watermark = self
            .model
            .default_time
            .as_ref()
            .and_then(|t| self.model.field(t))
            .and_then(|f| f.max.as_deref())
            .and_then(|d| d.get(..10))
            .and_then(|d| d.parse().ok());
        stated
            .or(watermark)
            .unwrap_or(jiff::civil::date(1970, 1, 1))
    }

    fn knowledge(&self, question: &Question) -> Knowledge<'_> {
        let first_day = self
            .model
            .default_time
            .as_ref()
            .and_then(|t| self.model.field(t))
            .and_then(|f| f.min.as_deref())
            .and_then(|d| d.get(..10))
            .and_then(|d| d.parse().ok());
        let clock = language::time::Clock {
            today: self.today(question),
            week_start: self.model.week_start,
        };
        Knowledge {
            model: &self.model,
            vocabulary: &self.vocabulary,
            values: &self.values,
            clock,
            first_day,
        }
    }

    fn understand(&self, question: &Question, conversation: &Conversation) -> Understanding {
        let knowledge = self.knowledge(question);
        understand(&question.text, &knowledge, conversation.context.as_ref())
    }

    /// Ways to go on from the first `cursor` characters of a question, best first; each can still end
    /// in a question that is answered.
    pub fn complete(
        &self,
        text: &str,
        cursor: usize,
        conversation: &Conversation,
        at_most: usize,
    ) -> Vec<language::Completion> {
        let knowledge = self.knowledge(&Question::default());
        let context = conversation.context.as_ref();
        language::complete(text, cursor, &knowledge, context, at_most)
    }

    /// How a question is read: the ways through its words and the readings that they make, best first.
    pub fn explain(&self, question: &Question) -> Vec<String> {
        language::explain(&question.text, &self.knowledge(question), None)
    }

    fn answer(
        &self,
        reading: Reading,
        question: &Question,
        conversation: &mut Conversation,
        document: &mut AnswerDocument,
        on_event: &mut dyn FnMut(&Event),
    ) {
        on_event(&Event::Understanding {
            restatement: reading.restatement.clone(),
            query: serde_json::to_value(&reading.query).unwrap_or_default(),
        });
        document.restatement = Some(reading.restatement.clone());
        document.assumptions = reading.assumptions.clone();
        for dataset in &self.model.datasets {
            document
                .assumptions
                .extend(dataset.remarks.iter().take(12).cloned());
        }
        document.intent = Some(intent::of(&reading.query));
        let steps = planner::plan(&reading.query, &reading.restatement);
        on_event(&Event::Plan(
            steps.iter().map(|s| s.purpose.clone()).collect(),
        ));
        let running = Instant::now();
        let mut main = None;
        for (i, step) in steps.iter().enumerate() {
            match engineer::run(self, step, i + 1, question) {
                Ok((plan, compiled)) => {
                    on_event(&Event::Sql {
                        step: plan.id.clone(),
                        sql: plan.sql.clone(),
                    });
                    if let Some(table) = &plan.result {
                        on_event(&Event::Rows {
                            step: Box::new(plan.clone()),
                            table: table.clone(),
                        });
                    }
                    if step.main {
                        document.result = plan.result.clone();
                        main = Some((plan.clone(), compiled));
                    }
                    document.plan.push(plan);
                }
                Err(e) => {
                    document.status = Status::Failed;
                    document.plan.clear();
                    document.result = None;
                    fail(document, &e.code(), e.to_string(), Some(e.hint()), on_event);
                    return;
                }
            }
        }
        document.timings_ms.insert(
            "engine".into(),
            document.plan.iter().map(|s| s.elapsed_ms).sum(),
        );
        document
            .timings_ms
            .insert("run".into(), milliseconds(running));
        let (Some((plan, compiled)), Some(result)) = (main, document.result.clone()) else {
            return;
        };
        let analysing = Instant::now();
        let finding = Finding {
            model: &self.model,
            query: &reading.query,
            columns: compiled.columns(),
            result: &result,
            steps: &document.plan,
            intent: document.intent.unwrap_or(answer::Intent::Point),
            time_note: None,
        };
        let analysis = analyse(&finding);
        document.narrative = Some(analysis.narrative);
        document.chart = analysis.chart;
        document.suggestions = analysis.suggestions;
        document
            .timings_ms
            .insert("analyse".into(), milliseconds(analysing));

        let checking = Instant::now();
        self.release(document);
        let verification = validator::verify(document, &reading.query, &plan.sql, &self.model);
        document
            .timings_ms
            .insert("validate".into(), milliseconds(checking));
        let verified = verification.verdict == Verdict::Verified;
        document.confidence = reading
            .signs
            .clone()
            .map(|signs| confidence(signs, &reading.query, &result));
        let doubtful = document.confidence.is_some_and(|c| c < EVEN_ODDS);
        if verified && doubtful && !reading.others.is_empty() {
            // What is taken back into a question is not said first.
            self.doubt(&reading, conversation, document, on_event);
            return;
        }
        on_event(&Event::Verdict(verification.clone()));
        let failed: Vec<String> = verification
            .checks
            .iter()
            .filter(|c| !c.passed)
            .map(|c| format!("{}: {}", c.name, c.detail))
            .collect();
        document.verification = verification;
        document.certificate = Some(self.certificate(question, &reading.query, &plan.sql, &result));
        if !verified {
            document.status = Status::Failed;
            document.confidence = None;
            document.narrative = None;
            document.chart = None;
            document.result = None;
            fail(
                document,
                "not_verified",
                format!(
                    "the answer did not pass its own checks ({})",
                    failed.join("; ")
                ),
                Some("ask in another way; the SQL stands in the plan".into()),
                on_event,
            );
            return;
        }
        if let Some(narrative) = &document.narrative {
            for sentence in narrative.text.split_inclusive(". ") {
                on_event(&Event::Sentence(sentence.to_string()));
            }
        }
        if let Some(chart) = &document.chart {
            on_event(&Event::Chart(chart.clone()));
        }
        document.status = Status::Answered;
        let context = Context {
            single: single(&reading.query, &result),
            listed: listed(&reading.query, &self.model, &result),
            period: single_period(&reading.query, &result),
            query: reading.query,
            earlier: Vec::new(),
        };
        conversation.context = Some(context.after(conversation.context.take(), reading.rewinds));
    }

    /// An answer that is less likely right than wrong becomes a question: its reading and the next ones
    /// are the options.
    fn doubt(
        &self,
        reading: &Reading,
        conversation: &mut Conversation,
        document: &mut AnswerDocument,
        on_event: &mut dyn FnMut(&Event),
    ) {
        let first = (reading.restatement.clone(), reading.query.clone());
        conversation.options = std::iter::once(first)
            .chain(reading.others.iter().cloned())
            .collect();
        let clarification = Clarification {
            question: "I am not sure that I read this right. Do you mean one of these?".into(),
            options: conversation
                .options
                .iter()
                .map(|(label, query)| ClarificationOption {
                    label: label.clone(),
                    restatement: label.clone(),
                    query: serde_json::to_value(query).unwrap_or_default(),
                })
                .collect(),
        };
        on_event(&Event::Clarification(clarification.clone()));
        let asked = AnswerDocument::empty(&document.question, Status::Clarify);
        *document = AnswerDocument {
            id: document.id.take(),
            conversation: document.conversation.take(),
            intent: document.intent,
            assumptions: std::mem::take(&mut document.assumptions),
            timings_ms: std::mem::take(&mut document.timings_ms),
            clarification: Some(clarification),
            ..asked
        };
    }

    /// Keeps only sentences that the number check proves. If the headline falls, the text says how
    /// many rows there are and nothing more.
    fn release(&self, document: &mut AnswerDocument) {
        let report = validator::check_numbers(document);
        if report.verdict == Verdict::Verified {
            return;
        }
        let kept = document
            .narrative
            .as_ref()
            .and_then(|n| validator::release(n, &report));
        document.narrative = Some(kept.unwrap_or_else(|| plain(document.result.as_ref())));
        if validator::check_numbers(document).verdict != Verdict::Verified {
            document.narrative = Some(plain(document.result.as_ref()));
        }
    }

    fn certificate(
        &self,
        question: &Question,
        query: &Query,
        sql: &str,
        result: &ResultTable,
    ) -> Certificate {
        let hash = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
        Certificate {
            sources: self.warehouse.sources().to_vec(),
            as_of: self
                .model
                .default_time
                .as_ref()
                .map(|_| self.today(question).to_string()),
            model_hash: semantics::hash(&self.model),
            query_hash: query::hash(query),
            sql_hash: hash(sql.as_bytes()),
            result_hash: hash(&serde_json::to_vec(result).unwrap_or_default()),
            program: PROGRAM.into(),
            opening: Some(self.opening.clone()),
        }
    }
}

/// The probability that the answer is right, to three digits.
fn confidence(mut signs: language::Signs, query: &Query, result: &ResultTable) -> f64 {
    let measures: Vec<usize> = (0..result.columns.len())
        .filter(|c| result.columns[*c].role == answer::ColumnRole::Measure)
        .collect();
    let blank = !measures.is_empty()
        && result
            .rows
            .iter()
            .all(|row| measures.iter().all(|m| row.get(*m) == Some(&Cell::Null)));
    let winner = query
        .rank
        .as_ref()
        .is_some_and(|r| r.n == 1 && r.per.is_empty());
    signs.rows(
        result.rows.is_empty(),
        blank,
        result.rows.len() > LONG,
        winner && result.rows.len() > 1,
    );
    (signs.probability() * 1000.0).round() / 1000.0
}

/// The one name that a result states, for "she", "it" and "that one".
fn single(query: &Query, result: &ResultTable) -> Option<(semantics::FieldRef, String)> {
    let [row] = &result.rows[..] else { return None };
    let at = query
        .dimensions
        .iter()
        .position(|d| matches!(d, Dimension::Field(_)))?;
    match (&query.dimensions[at], row.get(at)?) {
        (Dimension::Field(field), Cell::Text(name)) => Some((field.clone(), name.clone())),
        _ => None,
    }
}

/// Names that a follow-up can point at ("the second one"), at most.
const LISTED: usize = 50;

/// The names that a result lists, in order.
fn listed(
    query: &Query,
    model: &semantics::Model,
    result: &ResultTable,
) -> Option<(semantics::FieldRef, Vec<String>)> {
    let (at, field) = language::listed_field(query, model)?;
    let mut names: Vec<String> = Vec::new();
    for row in result.rows.iter().take(LISTED) {
        let name = match row.get(at)? {
            Cell::Text(name) => name.clone(),
            Cell::Integer(id) => id.to_string(),
            _ => continue,
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Some((field, names))
}

/// The one period that a result states, by its first day.
fn single_period(query: &Query, result: &ResultTable) -> Option<(String, query::Grain)> {
    let [row] = &result.rows[..] else { return None };
    query
        .dimensions
        .iter()
        .enumerate()
        .find_map(|(i, d)| match (d, row.get(i)) {
            (Dimension::Time(grain), Some(Cell::Text(day))) if !grain.is_cyclic() => {
                Some((day.get(..10)?.to_string(), *grain))
            }
            _ => None,
        })
}

fn plain(result: Option<&ResultTable>) -> Narrative {
    let rows = result.map_or(0, |r| r.row_count);
    let text = format!(
        "The result has {rows} {}.",
        if rows == 1 { "row" } else { "rows" }
    );
    let start = "The result has ".len();
    let claim = Claim {
        start,
        end: start + rows.to_string().len(),
        value: rows.into(),
        source: ClaimSource::Formula {
            formula: "count_rows".into(),
            inputs: vec!["result".into()],
        },
    };
    Narrative {
        text,
        claims: vec![claim],
    }
}

fn fail(
    document: &mut AnswerDocument,
    code: &str,
    message: String,
    hint: Option<String>,
    on_event: &mut dyn FnMut(&Event),
) {
    let report = ErrorReport {
        code: code.into(),
        message,
        hint,
    };
    on_event(&Event::Error(report.clone()));
    document.error = Some(report);
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}
