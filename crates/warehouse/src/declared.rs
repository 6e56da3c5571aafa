//! Keys that a SQLite table's definition declares.

use semantics::DeclaredKey;

/// What a `CREATE TABLE` text says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Declared {
    pub(crate) types: Vec<(String, String)>,
    pub(crate) primary_key: Vec<String>,
    pub(crate) foreign_keys: Vec<DeclaredKey>,
}

/// Words, quoted names (without their quotes, marked) and parentheses of the definition.
fn tokens(sql: &str) -> Vec<(String, bool)> {
    let characters: Vec<char> = sql.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let c = characters[at];
        let close = match c {
            '"' | '`' | '\'' => Some(c),
            '[' => Some(']'),
            _ => None,
        };
        if c == '-' && characters.get(at + 1) == Some(&'-') {
            while at < characters.len() && characters[at] != '\n' {
                at += 1;
            }
        } else if let Some(close) = close {
            let start = at + 1;
            at = start;
            while at < characters.len() && characters[at] != close {
                at += 1;
            }
            out.push((
                characters[start..at.min(characters.len())].iter().collect(),
                true,
            ));
            at += 1;
        } else if c.is_alphanumeric() || c == '_' {
            let start = at;
            while at < characters.len()
                && (characters[at].is_alphanumeric() || matches!(characters[at], '_' | '.' | '$'))
            {
                at += 1;
            }
            out.push((characters[start..at].iter().collect(), false));
        } else {
            if matches!(c, '(' | ')' | ',') {
                out.push((c.to_string(), false));
            }
            at += 1;
        }
    }
    out
}

/// Reads a `CREATE TABLE` text; what it does not understand it passes over.
pub(crate) fn read(sql: &str) -> Declared {
    let tokens = tokens(sql);
    let mut declared = Declared::default();
    let Some(open) = tokens.iter().position(|(t, q)| t == "(" && !q) else {
        return declared;
    };
    let mut parts: Vec<Vec<(String, bool)>> = vec![Vec::new()];
    let mut depth = 0;
    for token in &tokens[open + 1..] {
        match token.0.as_str() {
            "(" if !token.1 => depth += 1,
            ")" if !token.1 => {
                if depth == 0 {
                    break;
                }
                depth -= 1;
            }
            "," if depth == 0 && !token.1 => {
                parts.push(Vec::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(token.clone());
        }
    }
    for part in parts {
        let word = |i: usize| {
            part.get(i)
                .filter(|t| !t.1)
                .map(|t| t.0.to_uppercase())
                .unwrap_or_default()
        };
        let skip = if word(0) == "CONSTRAINT" { 2 } else { 0 };
        let names = |from: usize| -> Vec<String> {
            let Some(open) = part
                .iter()
                .skip(from)
                .position(|t| t.0 == "(")
                .map(|i| i + from)
            else {
                return Vec::new();
            };
            part[open + 1..]
                .iter()
                .take_while(|t| t.0 != ")")
                .filter(|t| t.0 != ",")
                .filter(|t| {
                    t.1 || !matches!(
                        t.0.to_uppercase().as_str(),
                        "ASC" | "DESC" | "AUTOINCREMENT"
                    )
                })
                .map(|t| t.0.clone())
                .collect()
        };
        let reference = |columns: Vec<String>| -> Option<DeclaredKey> {
            let at = part
                .iter()
                .position(|t| !t.1 && t.0.eq_ignore_ascii_case("REFERENCES"))?;
            let to_table = part.get(at + 1)?.0.clone();
            let to_columns = if part.get(at + 2).is_some_and(|t| t.0 == "(") {
                names(at + 2)
            } else {
                Vec::new()
            };
            Some(DeclaredKey {
                columns,
                to_table,
                to_columns,
            })
        };
        match (word(skip).as_str(), word(skip + 1).as_str()) {
            ("PRIMARY", "KEY") => declared.primary_key = names(skip),
            ("FOREIGN", "KEY") => declared.foreign_keys.extend(reference(names(skip))),
            ("UNIQUE" | "CHECK" | "KEY" | "INDEX", _) if part.get(1).is_none_or(|t| t.0 == "(") => {
            }
            _ => {
                let Some((name, _)) = part.first().cloned() else {
                    continue;
                };
                let data_type: Vec<String> = part[1..]
                    .iter()
                    .take_while(|t| {
                        !t.1 && !matches!(
                            t.0.to_uppercase().as_str(),
                            "NOT"
                                | "NULL"
                                | "DEFAULT"
                                | "PRIMARY"
                                | "REFERENCES"
                                | "UNIQUE"
                                | "CHECK"
                                | "COLLATE"
                                | "CONSTRAINT"
                                | "AUTOINCREMENT"
                                | "("
                        )
                    })
                    .map(|t| t.0.clone())
                    .collect();
                declared.types.push((name.clone(), data_type.join(" ")));
                let upper: Vec<String> = part
                    .iter()
                    .filter(|t| !t.1)
                    .map(|t| t.0.to_uppercase())
                    .collect();
                if upper.windows(2).any(|w| w[0] == "PRIMARY" && w[1] == "KEY") {
                    declared.primary_key = vec![name.clone()];
                }
                declared.foreign_keys.extend(reference(vec![name]));
            }
        }
    }
    declared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_the_definition() {
        let found = read(
            "CREATE TABLE [Lines](\n [OrderID]INTEGER NOT NULL, \"ProductID\" INTEGER REFERENCES Products(ID), Price NUMERIC(10,2) DEFAULT 0, PRIMARY KEY (\"OrderID\",\"ProductID\"), FOREIGN KEY ([OrderID]) REFERENCES [Orders] ([OrderID]) ON DELETE NO ACTION)",
        );
        assert_eq!(found.primary_key, ["OrderID", "ProductID"]);
        assert_eq!(found.foreign_keys.len(), 2);
        assert_eq!(found.foreign_keys[1].to_table, "Orders");
        assert_eq!(found.types[2], ("Price".into(), "NUMERIC".into()));
    }
}
