//! The two checks put together.

use super::{NumberReport, check_intent, check_numbers};
use answer::{AnswerDocument, Check, Claim, Narrative, NumberCheck, Verdict, Verification};
use query::Query;
use semantics::Model;

/// The verification of a document whose rows come from `sql`, compiled from `query`.
///
/// The SQL is read by the guard as well, although it is ours: what the guard cannot read is
/// not released.
pub fn verify(document: &AnswerDocument, query: &Query, sql: &str, model: &Model) -> Verification {
    let intent = check_intent(query, sql, model);
    let numbers = check_numbers(document);
    let safe = guard::check_compiled(sql, guard::Dialect::DuckDb);
    let sql_safe = safe.is_ok();
    let mut checks = vec![Check {
        name: "sql_safe".into(),
        passed: sql_safe,
        detail: safe.err().map_or_else(
            || "one reading statement over named tables".to_string(),
            |r| r.to_string(),
        ),
    }];
    checks.extend(intent.checks);
    let sound = numbers.verdict == Verdict::Verified;
    checks.push(Check {
        name: "numbers".into(),
        passed: sound,
        detail: match numbers.claims.iter().find(|c| !c.ok) {
            Some(claim) => format!("code points {}..{}: {}", claim.start, claim.end, claim.why),
            None => format!("{} of {} statements proven", numbers.bound, numbers.found),
        },
    });
    let verified = sql_safe && intent.ok && sound;
    Verification {
        sql_safe,
        intent_match: intent.ok,
        numbers: NumberCheck {
            found: numbers.found,
            bound: numbers.bound,
        },
        checks,
        verdict: if verified {
            Verdict::Verified
        } else {
            Verdict::Rejected
        },
    }
}

/// The narrative without the sentences that failed, its claims moved along; `None` if the
/// headline (the first sentence) failed.
pub fn release(narrative: &Narrative, report: &NumberReport) -> Option<Narrative> {
    let chars: Vec<char> = narrative.text.chars().collect();
    let mut out = Narrative::default();
    let mut length = 0;
    for (n, (start, end)) in sentences(&chars, report).into_iter().enumerate() {
        if report
            .claims
            .iter()
            .any(|c| !c.ok && c.start < end && c.end > start)
        {
            if n == 0 {
                return None;
            }
            continue;
        }
        if length > 0 {
            out.text.push(' ');
            length += 1;
        }
        out.text.extend(&chars[start..end]);
        for claim in narrative
            .claims
            .iter()
            .filter(|c| c.start >= start && c.end <= end)
        {
            out.claims.push(Claim {
                start: claim.start - start + length,
                end: claim.end - start + length,
                ..claim.clone()
            });
        }
        length += end - start;
    }
    (!out.text.is_empty()).then_some(out)
}

/// Sentences as code point ranges; a stop inside a statement (a name) ends none.
fn sentences(chars: &[char], report: &NumberReport) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = 0;
    for i in 0..chars.len() {
        let inside = report.claims.iter().any(|c| c.start <= i && i < c.end);
        let stop = matches!(chars[i], '.' | '!' | '?')
            && chars.get(i + 1).is_none_or(|c| c.is_whitespace())
            && !inside;
        if stop || i + 1 == chars.len() {
            if start <= i {
                found.push((start, i + 1));
            }
            start = i + 2;
        }
    }
    found
}
