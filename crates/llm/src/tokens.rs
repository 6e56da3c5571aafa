//! How many tokens a text has, before a provider says so.

/// An estimate of the tokens of a text that errs on the high side: a token for every three ASCII
/// characters, and one for every other character. (Today's tokenizers need about four characters of
/// English and three of JSON for a token.) It sizes prompts and reserves budgets; what is reported
/// and paid is what the provider counts.
pub fn estimated_tokens(text: &str) -> u64 {
    let (ascii, other) = text.chars().fold((0u64, 0u64), |(ascii, other), c| {
        if c.is_ascii() {
            (ascii + 1, other)
        } else {
            (ascii, other + 1)
        }
    });
    ascii.div_ceil(3) + other
}

#[cfg(test)]
mod tests {
    use super::estimated_tokens;

    #[test]
    fn estimates() {
        for (text, tokens) in [
            ("", 0),
            ("a", 1),
            ("abc", 1),
            ("abcd", 2),
            ("für", 2),
            ("東京", 2),
        ] {
            assert_eq!(estimated_tokens(text), tokens, "{text}");
        }
    }
}
