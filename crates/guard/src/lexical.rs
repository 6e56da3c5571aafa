//! Bounds on the words of a statement, before its grammar is read.
//!
//! The tokenizer of the parser cuts the text, so that what is counted here is what the parser
//! will see. Where an engine may cut the same text otherwise (comments within comments, escapes
//! by backslash, substitution), the text is refused.

use crate::{Dialect, Refusal};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace, Word};

/// Longest statement, in bytes.
const LONGEST: usize = 200_000;
/// Most words and signs.
const WORDS: usize = 40_000;
/// Deepest nesting of parentheses.
const DEEPEST: usize = 60;
/// Most operators: each may stand a level deeper in the tree.
const OPERATORS: usize = 1000;
/// Most operators that stand right before a comment.
const PARTED: usize = 50;
/// Most set operations.
const SETS: usize = 200;

/// Refuses text that is too long, too deep or read differently by engines.
pub(crate) fn bounded(sql: &str, dialect: Dialect) -> Result<(), Refusal> {
    if sql.len() > LONGEST {
        return Err(Refusal::new(
            "too_long",
            format!("{} bytes; {LONGEST} are allowed", sql.len()),
            "Shorten the statement.",
        ));
    }
    if dialect == Dialect::Spark && sql.contains("${") {
        return Err(Refusal::new(
            "variable",
            "`${…}` is replaced before the statement is read, also within text",
            "Write the value itself.",
        ));
    }
    let tokens = Tokenizer::new(dialect.parser().as_ref(), sql)
        .with_unescape(false)
        .tokenize()
        .map_err(|e| unreadable(&e.to_string()))?;
    if tokens.len() > WORDS {
        return Err(Refusal::new(
            "too_long",
            format!("{} words; {WORDS} are allowed", tokens.len()),
            "Shorten the statement.",
        ));
    }
    // The tokenizer takes other blanks of Unicode for spaces; engines do not agree on them.
    let literal: usize = tokens.iter().filter_map(literal).map(blanks).sum();
    if blanks(sql) > literal {
        return Err(Refusal::new(
            "hidden_character",
            "a blank or a break of lines that is none in every engine",
            "Use ordinary spaces.",
        ));
    }
    let mut count = Count::default();
    for (i, token) in tokens.iter().enumerate() {
        count.add(token, dialect)?;
        if let (Token::Word(word), Some(next)) = (token, tokens.get(i + 1)) {
            prefix(word, next)?;
        }
    }
    Ok(())
}

/// A letter in front of a text may change how it is read (`E'…'`, `r'…'`, `U&'…'`): prefixes that
/// the tokenizer does not know in this dialect are refused. `DATE'…'` is one that it does.
fn prefix(word: &Word, next: &Token) -> Result<(), Refusal> {
    let quoted = matches!(
        next,
        Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::TripleSingleQuotedString(_)
            | Token::TripleDoubleQuotedString(_)
    ) || matches!(next, Token::Word(w) if w.quote_style.is_some());
    let typed = matches!(
        word.keyword,
        Keyword::DATE | Keyword::TIME | Keyword::TIMESTAMP | Keyword::DATETIME | Keyword::INTERVAL
    );
    let unicode = matches!(next, Token::Ampersand) && word.value.eq_ignore_ascii_case("u");
    if word.quote_style.is_none() && (unicode || (quoted && !typed)) {
        return Err(escapes());
    }
    Ok(())
}

/// Blanks beyond ASCII.
fn blanks(text: &str) -> usize {
    text.chars()
        .filter(|c| c.is_whitespace() && !c.is_ascii())
        .count()
}

/// What stands within quotation marks.
fn literal(token: &Token) -> Option<&str> {
    match token {
        Token::SingleQuotedString(text)
        | Token::DoubleQuotedString(text)
        | Token::TripleSingleQuotedString(text)
        | Token::TripleDoubleQuotedString(text)
        | Token::EscapedStringLiteral(text)
        | Token::NationalStringLiteral(text)
        | Token::SingleQuotedRawStringLiteral(text)
        | Token::DoubleQuotedRawStringLiteral(text)
        | Token::TripleSingleQuotedRawStringLiteral(text)
        | Token::TripleDoubleQuotedRawStringLiteral(text) => Some(text),
        Token::DollarQuotedString(text) => Some(&text.value),
        Token::Word(word) if word.quote_style.is_some() => Some(&word.value),
        _ => None,
    }
}

pub(crate) fn unreadable(why: &str) -> Refusal {
    Refusal::new(
        "unreadable",
        format!("the SQL cannot be read: {why}"),
        "Write one plain SELECT statement.",
    )
}

#[derive(Default)]
struct Count {
    depth: usize,
    operators: usize,
    sets: usize,
    /// Whether the first statement has ended.
    ended: bool,
}

impl Count {
    fn add(&mut self, token: &Token, dialect: Dialect) -> Result<(), Refusal> {
        match token {
            Token::Whitespace(space) => return whitespace(space),
            Token::EOF => return Ok(()),
            Token::SemiColon => {
                if self.ended {
                    return Err(several());
                }
                self.ended = true;
                return Ok(());
            }
            _ if self.ended => return Err(several()),
            _ => {}
        }
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => {
                self.depth += 1;
                if self.depth > DEEPEST {
                    return Err(Refusal::new(
                        "too_deep",
                        format!("parentheses more than {DEEPEST} deep"),
                        "Nest less.",
                    ));
                }
            }
            Token::RParen | Token::RBracket | Token::RBrace => {
                self.depth = self.depth.saturating_sub(1);
            }
            Token::Word(word) => {
                hidden(&word.value)?;
                if word.quote_style.is_none() {
                    self.keyword(word.keyword)?;
                }
            }
            Token::Number(..) | Token::Comma | Token::Period => {}
            Token::Placeholder(name) => {
                return Err(Refusal::new(
                    "variable",
                    format!("`{name}` stands for a value from elsewhere"),
                    "Write the value itself.",
                ));
            }
            Token::AtSign | Token::AtAt => {
                return Err(Refusal::new(
                    "variable",
                    "`@` names a variable, a parameter or a stage",
                    "Write the value itself, and read tables only.",
                ));
            }
            Token::Char(c) => {
                hidden(&c.to_string())?;
                return Err(unreadable(&format!("`{c}` is no sign of this dialect")));
            }
            Token::UnicodeStringLiteral(_)
            | Token::QuoteDelimitedStringLiteral(_)
            | Token::NationalQuoteDelimitedStringLiteral(_) => return Err(escapes()),
            Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) => {
                turned(text)?;
                if dialect == Dialect::BigQuery && text.contains('\n') {
                    return Err(unreadable("a text of one line that goes over several"));
                }
            }
            Token::HexStringLiteral(text) => {
                if !text.chars().all(|c| c.is_ascii_hexdigit()) {
                    return Err(escapes());
                }
            }
            Token::EscapedStringLiteral(text)
            | Token::NationalStringLiteral(text)
            | Token::TripleSingleQuotedString(text)
            | Token::TripleDoubleQuotedString(text)
            | Token::SingleQuotedByteStringLiteral(text)
            | Token::DoubleQuotedByteStringLiteral(text)
            | Token::SingleQuotedRawStringLiteral(text)
            | Token::DoubleQuotedRawStringLiteral(text)
            | Token::TripleSingleQuotedRawStringLiteral(text)
            | Token::TripleDoubleQuotedRawStringLiteral(text)
            | Token::TripleSingleQuotedByteStringLiteral(text)
            | Token::TripleDoubleQuotedByteStringLiteral(text) => turned(text)?,
            Token::DollarQuotedString(text) => {
                if matches!(dialect, Dialect::BigQuery | Dialect::Spark) {
                    return Err(escapes());
                }
                turned(&text.value)?;
            }
            _ => self.operator()?,
        }
        Ok(())
    }

    fn operator(&mut self) -> Result<(), Refusal> {
        self.operators += 1;
        if self.operators > OPERATORS {
            return Err(Refusal::new(
                "too_deep",
                format!("more than {OPERATORS} operators"),
                "Write shorter expressions.",
            ));
        }
        Ok(())
    }

    fn keyword(&mut self, word: Keyword) -> Result<(), Refusal> {
        match word {
            Keyword::UNION | Keyword::INTERSECT | Keyword::EXCEPT | Keyword::MINUS => {
                self.sets += 1;
                if self.sets > SETS {
                    return Err(Refusal::new(
                        "too_many_sets",
                        format!("more than {SETS} set operations"),
                        "Combine fewer queries.",
                    ));
                }
                Ok(())
            }
            Keyword::AND
            | Keyword::OR
            | Keyword::XOR
            | Keyword::NOT
            | Keyword::IS
            | Keyword::LIKE
            | Keyword::ILIKE
            | Keyword::RLIKE
            | Keyword::REGEXP
            | Keyword::SIMILAR
            | Keyword::COLLATE
            | Keyword::ZONE => self.operator(),
            _ => Ok(()),
        }
    }
}

fn several() -> Refusal {
    Refusal::new(
        "several_statements",
        "something follows the first statement",
        "Send one statement at a time.",
    )
}

fn escapes() -> Refusal {
    Refusal::new(
        "escapes",
        "a way of quoting that engines read differently",
        "Quote text with single quotation marks.",
    )
}

fn whitespace(space: &Whitespace) -> Result<(), Refusal> {
    let text = match space {
        Whitespace::SingleLineComment { comment, .. } => {
            // A carriage return ends the line for some engines only.
            if comment.trim_end_matches(['\r', '\n']).contains('\r') {
                return Err(comment_refusal(
                    "a line that ends in the middle of a comment",
                ));
            }
            comment
        }
        Whitespace::MultiLineComment(comment) => {
            if comment.contains("/*") {
                return Err(comment_refusal("a comment within a comment"));
            }
            comment
        }
        _ => return Ok(()),
    };
    if text.starts_with(['!', '+']) {
        return Err(comment_refusal("a comment that engines execute or obey"));
    }
    hidden(text)
}

fn comment_refusal(what: &str) -> Refusal {
    Refusal::new("hint_comment", what, "Leave the comment out.")
}

/// Characters that are not seen, or seen as others, where names and comments stand.
fn hidden(text: &str) -> Result<(), Refusal> {
    let odd = |c: char| {
        matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ff00}'..='\u{ffef}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e007f}')
            || (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
            || (c.is_whitespace() && !c.is_ascii())
    };
    match text.chars().find(|c| odd(*c)) {
        Some(c) => Err(Refusal::new(
            "hidden_character",
            format!("an invisible or look-alike character U+{:04X}", c as u32),
            "Type it in plain characters.",
        )),
        None => Ok(()),
    }
}

/// Within text everything may stand but what turns the direction of reading, ends the text for
/// some programs, or is an escape that hides the end of the text.
fn turned(text: &str) -> Result<(), Refusal> {
    let odd = |c: char| matches!(c, '\0' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    match text.chars().find(|c| odd(*c)) {
        Some(c) => Err(Refusal::new(
            "hidden_character",
            format!("a character that hides what follows, U+{:04X}", c as u32),
            "Type it in plain characters.",
        )),
        None => Ok(()),
    }
}

/// The statement with a space between an operator and a comment behind it, as the lexers of
/// PostgreSQL and DuckDB read it; the tokenizer takes both for one operator.
pub(crate) fn parted(sql: &str, dialect: Dialect) -> std::borrow::Cow<'_, str> {
    if !matches!(dialect, Dialect::Postgres | Dialect::DuckDb) || sql.len() > LONGEST {
        return sql.into();
    }
    let mut out = std::borrow::Cow::Borrowed(sql);
    // Each round parts one operator; statements with many are not ordinary.
    for _ in 0..PARTED {
        match swallowed(&out, dialect) {
            Some(at) => out.to_mut().insert(at, ' '),
            None => break,
        }
    }
    out
}

/// Where a comment begins within an operator.
fn swallowed(sql: &str, dialect: Dialect) -> Option<usize> {
    let tokens = Tokenizer::new(dialect.parser().as_ref(), sql)
        .with_unescape(false)
        .tokenize();
    // An operator that swallowed the start of a comment may leave text that is no token.
    let Ok(tokens) = tokens else {
        return None;
    };
    let mut at = 0;
    for token in &tokens {
        let text = token.to_string();
        if !sql.get(at..)?.starts_with(&text) {
            return None;
        }
        let sign = !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_punctuation() && !"'\"()[]{},;.".contains(c))
            && !matches!(token, Token::Whitespace(_));
        if sign {
            let within = (at + 1..at + text.len()).find(|k| {
                sql.get(*k..)
                    .is_some_and(|rest| rest.starts_with("/*") || rest.starts_with("--"))
            });
            if within.is_some() {
                return within;
            }
        }
        at += text.len();
    }
    None
}
