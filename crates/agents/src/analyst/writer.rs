//! Text that grows together with its claims.

use answer::{Claim, ClaimSource, Narrative};
use serde_json::{Value, json};

/// A cell as evidence.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct At {
    /// Plan id or `result`.
    pub(super) step: String,
    /// Row.
    pub(super) row: usize,
    /// Column.
    pub(super) column: usize,
}

impl At {
    pub(super) fn json(&self) -> Value {
        json!([self.step, self.row, self.column])
    }
}

/// Builds a narrative.
#[derive(Default)]
pub(super) struct Writer {
    narrative: Narrative,
    length: usize,
}

impl Writer {
    /// Text that states nothing checkable.
    pub(super) fn say(&mut self, text: &str) -> &mut Self {
        self.narrative.text.push_str(text);
        self.length += text.chars().count();
        self
    }

    /// A cell's value.
    pub(super) fn cell(&mut self, text: &str, value: impl Into<Value>, at: &At) -> &mut Self {
        self.claim(
            text,
            value.into(),
            ClaimSource::Cell(at.step.clone(), at.row, at.column),
        )
    }

    /// Something computed from cells, by a published formula.
    pub(super) fn formula(
        &mut self,
        text: &str,
        value: impl Into<Value>,
        formula: &str,
        inputs: Vec<Value>,
    ) -> &mut Self {
        self.claim(
            text,
            value.into(),
            ClaimSource::Formula {
                formula: formula.to_string(),
                inputs,
            },
        )
    }

    fn claim(&mut self, text: &str, value: Value, source: ClaimSource) -> &mut Self {
        let start = self.length;
        self.say(text);
        self.narrative.claims.push(Claim {
            start,
            end: self.length,
            value,
            source,
        });
        self
    }

    /// Ends a sentence.
    pub(super) fn stop(&mut self) {
        self.say(". ");
    }

    /// The finished narrative.
    pub(super) fn finish(mut self) -> Narrative {
        let trimmed = self.narrative.text.trim_end().len();
        self.narrative.text.truncate(trimmed);
        self.narrative
    }
}
