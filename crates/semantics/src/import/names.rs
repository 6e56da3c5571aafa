//! Names in expressions of other programs, written as ours want them.

use sqlparser::dialect::GenericDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

/// Words of SQL that stand alone in expressions and are no names.
const WORDS: &[&str] = &[
    "AND",
    "OR",
    "NOT",
    "IN",
    "IS",
    "NULL",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "BETWEEN",
    "LIKE",
    "ILIKE",
    "DISTINCT",
    "TRUE",
    "FALSE",
    "INTERVAL",
    "FILTER",
    "WHERE",
    "WITHIN",
    "GROUP",
    "ORDER",
    "BY",
    "ASC",
    "DESC",
    "OVER",
    "PARTITION",
    "ROWS",
    "RANGE",
    "ESCAPE",
    "FROM",
    "SELECT",
    "ALL",
];

/// Writes every name of an expression anew. `named` gets the parts of a name ("orders", "amount") and
/// whether brackets follow, and gives what stands for it; `None` leaves it as it is.
///
/// # Errors
/// What is no SQL.
pub(super) fn rewritten(
    text: &str,
    mut named: impl FnMut(&[String], bool) -> Option<String>,
) -> Result<String, String> {
    let tokens = Tokenizer::new(&GenericDialect {}, text)
        .tokenize()
        .map_err(|e| e.to_string())?;
    let mut out = String::new();
    let mut i = 0;
    let mut after_as = false;
    while i < tokens.len() {
        let Token::Word(word) = &tokens[i] else {
            out.push_str(&tokens[i].to_string());
            after_as &= matches!(tokens[i], Token::Whitespace(_));
            i += 1;
            continue;
        };
        let upper = word.value.to_uppercase();
        let reserved = word.quote_style.is_none() && WORDS.contains(&upper.as_str());
        let literal = word.quote_style.is_none()
            && matches!(upper.as_str(), "DATE" | "TIMESTAMP" | "TIME")
            && matches!(tokens.get(i + 2), Some(Token::SingleQuotedString(_)));
        if reserved || literal || after_as || (upper == "AS" && word.quote_style.is_none()) {
            // What follows AS is a type.
            after_as = upper == "AS";
            out.push_str(&tokens[i].to_string());
            i += 1;
            continue;
        }
        let mut parts = vec![word.value.clone()];
        let mut end = i + 1;
        while let (Some(Token::Period), Some(Token::Word(next))) =
            (tokens.get(end), tokens.get(end + 1))
        {
            parts.push(next.value.clone());
            end += 2;
        }
        let mut next = end;
        while matches!(tokens.get(next), Some(Token::Whitespace(_))) {
            next += 1;
        }
        let call = matches!(tokens.get(next), Some(Token::LParen));
        match named(&parts, call) {
            Some(name) => out.push_str(&name),
            None => {
                for token in &tokens[i..end] {
                    out.push_str(&token.to_string());
                }
            }
        }
        i = end;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_anew_and_nothing_else() {
        let got = rewritten(
            "SUM(CASE WHEN status = 'paid' AND \"Net\" > 1 THEN CAST(o.amount AS DOUBLE) END) / NULLIF(COUNT(DISTINCT id), 0)",
            |parts, call| (!call).then(|| format!("<{}>", parts.join("|"))),
        );
        assert_eq!(
            got.unwrap(),
            "SUM(CASE WHEN <status> = 'paid' AND <Net> > 1 THEN CAST(<o|amount> AS DOUBLE) END) / NULLIF(COUNT(DISTINCT <id>), 0)"
        );
    }
}
