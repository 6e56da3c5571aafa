//! Text to syntax tree.

use super::Inexpressible;
use sqlparser::ast::{Expr, Ident};
use sqlparser::dialect::GenericDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer, Word};

/// Texts are refused above this length.
const MAX_CHARACTERS: usize = 20_000;

/// One expression and nothing after it. `30d` is read as `INTERVAL '30' DAY`.
pub(super) fn parse(text: &str) -> Result<Expr, Inexpressible> {
    let bad = |reason: String| {
        Inexpressible::new(
            "unreadable_expression",
            format!("`{}` cannot be read: {reason}", shortened(text)),
            "write one SQL expression, such as SUM(order_items.net_amount)",
        )
    };
    if text.chars().count() > MAX_CHARACTERS {
        return Err(bad(format!(
            "it is longer than {MAX_CHARACTERS} characters"
        )));
    }
    let dialect = GenericDialect {};
    let tokens = Tokenizer::new(&dialect, text)
        .tokenize()
        .map_err(|e| bad(e.to_string()))?;
    let mut parser = Parser::new(&dialect)
        .with_recursion_limit(100)
        .with_tokens(with_days(tokens));
    let expression = parser
        .parse_expr()
        .map_err(|e| bad(e.to_string().replace("sql parser error: ", "")))?;
    match parser.peek_token().token {
        Token::EOF => Ok(expression),
        other => Err(bad(format!("`{other}` stands after its end"))),
    }
}

/// `365d`, which the tokenizer reads as a number and a word, as an interval.
fn with_days(tokens: Vec<Token>) -> Vec<Token> {
    let word = |value: &str, keyword: Keyword| {
        Token::Word(Word {
            value: value.into(),
            quote_style: None,
            keyword,
        })
    };
    let mut out = Vec::with_capacity(tokens.len());
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        if let Token::Number(count, _) = &token
            && matches!(rest.peek(), Some(Token::Word(w)) if w.value == "d" && w.quote_style.is_none())
        {
            rest.next();
            out.push(word("INTERVAL", Keyword::INTERVAL));
            out.push(Token::Whitespace(sqlparser::tokenizer::Whitespace::Space));
            out.push(Token::SingleQuotedString(count.clone()));
            out.push(Token::Whitespace(sqlparser::tokenizer::Whitespace::Space));
            out.push(word("DAY", Keyword::DAY));
        } else {
            out.push(token);
        }
    }
    out
}

/// The beginning of a long text.
pub(super) fn shortened(text: &str) -> String {
    if text.chars().count() <= 80 {
        text.to_string()
    } else {
        format!("{}…", text.chars().take(80).collect::<String>())
    }
}

/// The parts of a possibly qualified name.
pub(super) fn name_of(e: &Expr) -> Option<Vec<&Ident>> {
    match e {
        Expr::Identifier(only) => Some(vec![only]),
        Expr::CompoundIdentifier(parts) => Some(parts.iter().collect()),
        Expr::Nested(inner) => name_of(inner),
        _ => None,
    }
}
