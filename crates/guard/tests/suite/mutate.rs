//! Statements changed without changing what they do, and pieces of statements put together.

use super::Concrete;
use guard::Dialect;
use sqlparser::dialect::{
    BigQueryDialect, DatabricksDialect, Dialect as Parser, DuckDbDialect, PostgreSqlDialect,
    SnowflakeDialect,
};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

/// A generator of random numbers that a seed repeats (SplitMix64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).unwrap()
    }

    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

fn parser(dialect: Dialect) -> Box<dyn Parser> {
    match dialect {
        Dialect::DuckDb => Box::new(DuckDbDialect {}),
        Dialect::Postgres => Box::new(PostgreSqlDialect {}),
        Dialect::Snowflake => Box::new(SnowflakeDialect {}),
        Dialect::BigQuery => Box::new(BigQueryDialect {}),
        Dialect::Spark => Box::new(DatabricksDialect {}),
    }
}

/// The words and signs of a statement; `None` where they do not give the statement back.
pub(crate) fn tokens(sql: &str, dialect: Dialect) -> Option<Vec<Token>> {
    let tokens = Tokenizer::new(parser(dialect).as_ref(), sql)
        .with_unescape(false)
        .tokenize()
        .ok()?;
    (text(&tokens) == sql).then_some(tokens)
}

/// The statement that words and signs make.
pub(crate) fn text(tokens: &[Token]) -> String {
    tokens.iter().map(ToString::to_string).collect()
}

fn reading(sql: &str) -> bool {
    let start = sql.trim_start().to_lowercase();
    start.starts_with("select") || start.starts_with("with")
}

/// A change that leaves what the statement does as it is.
pub(crate) fn same(sql: &str, case: &Concrete, attack: bool, random: &mut Random) -> String {
    let has = |code: &str| attack && case.codes.iter().any(|c| c == code);
    let tokens = tokens(sql, case.dialect);
    match (random.below(5), tokens) {
        (0, Some(tokens)) => text(
            &tokens
                .into_iter()
                .map(|t| match t {
                    Token::Word(mut word) if word.quote_style.is_none() => {
                        word.value = word
                            .value
                            .chars()
                            .map(|c| {
                                if random.below(2) == 0 {
                                    c.to_ascii_uppercase()
                                } else {
                                    c.to_ascii_lowercase()
                                }
                            })
                            .collect();
                        Token::Word(word)
                    }
                    other => other,
                })
                .collect::<Vec<_>>(),
        ),
        (1, Some(tokens)) if !has("hidden_character") => {
            const BLANKS: [&str; 7] = [
                "\n",
                "\t",
                "  ",
                "/**/",
                " /* note */ ",
                " -- note\n",
                "\r\n",
            ];
            let mut out = String::new();
            for token in &tokens {
                let blank = matches!(token, Token::Whitespace(Whitespace::Space));
                if blank && random.below(3) == 0 {
                    out.push_str(BLANKS[random.below(BLANKS.len())]);
                } else {
                    out.push_str(&token.to_string());
                }
            }
            out
        }
        (2, Some(tokens)) if !attack || has("unknown_table") || has("unknown_column") => {
            let quote = if matches!(case.letter, 'B' | 'K') {
                '`'
            } else {
                '"'
            };
            let mut out = String::new();
            for (i, token) in tokens.iter().enumerate() {
                let called = tokens[i + 1..]
                    .iter()
                    .find(|t| !matches!(t, Token::Whitespace(_)))
                    .is_some_and(|t| matches!(t, Token::LParen));
                match token {
                    Token::Word(word)
                        if word.quote_style.is_none()
                            && word.keyword == Keyword::NoKeyword
                            && !called
                            && random.below(2) == 0 =>
                    {
                        out.push_str(&format!("{quote}{}{quote}", word.value));
                    }
                    other => out.push_str(&other.to_string()),
                }
            }
            out
        }
        (3, _) if reading(sql) && !has("several_statements") => {
            let inner = sql.trim_end().trim_end_matches(';');
            match random.below(4) {
                0 => format!("SELECT * FROM ({inner}\n) wrapped"),
                1 => format!("WITH wrapped AS ({inner}\n) SELECT * FROM wrapped"),
                2 => format!("SELECT 1 AS one WHERE EXISTS ({inner}\n)"),
                _ => format!("({inner}\n) UNION ALL ({inner}\n)"),
            }
        }
        _ => {
            let end = if sql.trim_end().ends_with(';') {
                ""
            } else {
                "\n;"
            };
            format!(
                "{}{sql}{}",
                random.pick(&["", " ", "\n", "/* a */ "]),
                random.pick(&["", " ", end])
            )
        }
    }
}

/// A change that makes an attack harder to see; what it makes is refused as well.
pub(crate) fn hide(sql: &str, case: &Concrete, random: &mut Random) -> String {
    let chars: Vec<char> = sql.chars().collect();
    let at = random.below(chars.len());
    let insert = |text: &str| -> String {
        let mut out: String = chars[..at].iter().collect();
        out.push_str(text);
        out.extend(&chars[at..]);
        out
    };
    match random.below(7) {
        0 => format!("SELECT 1; {sql}"),
        1 => format!("{}\n; SELECT 1", sql.trim_end().trim_end_matches(';')),
        2 => format!("SELECT /*+ x */ 1; {sql}"),
        3 => format!("EXPLAIN {sql}"),
        4 => format!("{}{sql}", '\u{feff}'),
        5 => format!("SELECT 1 /* /* */ ; {sql} */"),
        _ => {
            // Behind a blank, so that it stands outside of quotation marks.
            match tokens(sql, case.dialect) {
                Some(list) if list.len() > 2 => {
                    let cut = 1 + random.below(list.len() - 1);
                    format!("{}\u{200b}{}", text(&list[..cut]), text(&list[cut..]))
                }
                _ => insert("\u{200b}"),
            }
        }
    }
}

/// A stretch of one statement in the place of a stretch of another.
pub(crate) fn crossed(into: &[Token], from: &[Token], random: &mut Random) -> String {
    let start = random.below(into.len());
    let end = (start + random.below(6)).min(into.len());
    let first = random.below(from.len());
    let last = (first + 1 + random.below(12)).min(from.len());
    format!(
        "{} {} {}",
        text(&into[..start]),
        text(&from[first..last]),
        text(&into[end..])
    )
}
