//! A code beside the name that it stands for ("category code", "category name"): one thing in two
//! columns. People mean the name; the code only identifies.

use crate::{DataType, Evidence, Expression, Field, Role, Subject, TableProfile};

/// Words at the end of a code's name.
const CODES: &[&str] = &[
    "code",
    "number",
    "no",
    "id",
    "key",
    "abbreviation",
    "abbr",
    "short",
    "iso",
    "party",
];

/// Words at the end of the name of what people read.
const NAMES: &[&str] = &["name", "full", "long", "description", "title", "label"];

/// Share of the values of one column that go with one value of the other.
const TOGETHER: f64 = 0.95;

fn stem<'w>(words: &'w [&'w str], tails: &[&str]) -> Option<&'w [&'w str]> {
    let (last, stem) = words.split_last()?;
    (tails.contains(last) && !stem.is_empty()).then_some(stem)
}

/// Makes the code of each pair an id, and calls the name by what both are of.
pub(super) fn settle(
    fields: &mut [Field],
    table: &TableProfile,
    key: &[String],
    evidence: &mut dyn Evidence,
) {
    let column = |f: &Field| match &f.expression {
        Expression::Column(c) => Some(c.clone()),
        _ => None,
    };
    for n in 0..fields.len() {
        if fields[n].data_type != DataType::Text || fields[n].role == Role::Text {
            continue;
        }
        let name = fields[n].name.clone();
        let words: Vec<&str> = name.split('_').collect();
        let Some(of) = stem(&words, NAMES) else {
            continue;
        };
        let code = fields.iter().position(|c| {
            let words: Vec<&str> = c.name.split('_').collect();
            let short = matches!(c.data_type, DataType::Text | DataType::Integer);
            // "Category 1011800" beside "category name"; "US" beside "country full".
            let bare = words[..] == *of;
            c.name != name
                && short
                && !key.contains(&c.name)
                && (bare || stem(&words, CODES) == Some(of))
        });
        let Some(code) = code else { continue };
        let (Some(of_code), Some(of_name)) = (column(&fields[code]), column(&fields[n])) else {
            continue;
        };
        let together = evidence.determines(&table.name, &of_code, &of_name) >= TOGETHER
            && evidence.determines(&table.name, &of_name, &of_code) >= TOGETHER;
        if !together {
            continue;
        }
        let noun = of.join(" ");
        let subject = fields[code].subject;
        let twin = fields[code].label.to_lowercase();
        if subject != Subject::Other && fields[n].subject == Subject::Other {
            fields[n].subject = subject;
        }
        let mut synonyms = std::mem::take(&mut fields[code].synonyms);
        synonyms.retain(|s| !CODES.contains(&s.rsplit(' ').next().unwrap_or_default()));
        synonyms.insert(0, noun.clone());
        for synonym in synonyms {
            if !fields[n].synonyms.contains(&synonym) {
                fields[n].synonyms.push(synonym);
            }
        }
        let code = &mut fields[code];
        code.role = Role::Id;
        code.searchable = true;
        code.evidence = Some(format!(
            "each {twin} has one {} and each {} one {twin}: it is the code of it",
            words.join(" "),
            words.join(" ")
        ));
        if code.name == of.join("_") {
            code.name.push_str("_code");
            code.label = format!("{} code", code.label);
        }
        code.synonyms = ["id", "number", "code"]
            .iter()
            .map(|tail| format!("{noun} {tail}"))
            .filter(|s| s.replace(' ', "_") != code.name)
            .collect();
    }
}
