//! What kind of answer a question asks for, by its words alone: named where it is not answered.

use crate::lexicon::english;
use crate::token::tokenize;

/// A kind of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Intent as the answer document names it.
    pub intent: &'static str,
    /// As people call it ("what is bought together").
    pub name: &'static str,
}

/// The kind of answer that the words of a question ask for, if any of them says so.
pub fn kind_of(question: &str) -> Option<Kind> {
    let words: Vec<String> = tokenize(question).into_iter().map(|t| t.folded).collect();
    let text = format!(" {} ", words.join(" "));
    english()
        .intents()
        .iter()
        .find(|(_, _, phrases)| phrases.iter().any(|p| text.contains(&format!(" {p} "))))
        .map(|(intent, name, _)| Kind { intent, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_tell_the_kind_of_answer() {
        for (question, intent) in [
            ("What is bought together with pasta?", "basket"),
            ("Monthly retention by acquisition cohort", "cohort"),
            ("Weeks of supply by SKU at each store", "stock"),
            (
                "Distribution of basket values in 10 pound bands",
                "distribution",
            ),
            (
                "Split the revenue change into price, volume and mix",
                "drivers",
            ),
            ("How do you define net sales?", "definition"),
            ("When was the data last refreshed?", "quality"),
            ("What is like-for-like sales growth this quarter?", "growth"),
        ] {
            assert_eq!(
                kind_of(question).map(|k| k.intent),
                Some(intent),
                "{question}"
            );
        }
        assert_eq!(kind_of("Sales in Paris"), None);
    }
}
