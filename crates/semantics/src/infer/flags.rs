//! Yes and no: what a flag's "no" is called ("closed" where there is "open"), and flags that are
//! written as texts.

use super::naming::label;
use crate::{
    CaseBranch, DataType, Expression, Field, FieldRef, Literal, Operator, Role, RowFilter,
};

/// The "no" of a flag's word, with its other names; and other names of the flag.
struct Pair {
    yes: &'static str,
    no: &'static str,
    other_no: Vec<String>,
    other_yes: Vec<String>,
}

fn listed(cell: Option<&str>) -> Vec<String> {
    cell.unwrap_or_default()
        .split(" | ")
        .filter(|s| !s.is_empty())
        .map(str::to_string)
        .collect()
}

fn pair(word: &str) -> Option<Pair> {
    include_str!("../../lexicon/opposites.tsv")
        .lines()
        .filter(|l| !l.starts_with('#'))
        .find_map(|line| {
            let mut cells = line.split('\t');
            let yes = cells.next().filter(|yes| *yes == word)?;
            Some(Pair {
                yes,
                no: cells.next().unwrap_or_default(),
                other_no: listed(cells.next()),
                other_yes: listed(cells.next()),
            })
        })
}

fn is_zero_or_one(field: &Field) -> bool {
    field.role == Role::Dimension
        && field.distinct.is_some_and(|d| d <= 2)
        && field.min.as_deref() == Some("0")
        && field.max.as_deref() == Some("1")
}

/// A field that is 1 where another has the first value and 0 where it has the second.
fn translated(
    dataset: &str,
    of: &Field,
    name: &str,
    (one, zero): (Literal, Literal),
    evidence: String,
) -> Field {
    let branch = |value: Literal, then: f64| CaseBranch {
        when: RowFilter::Compare {
            field: FieldRef::new(dataset, &of.name),
            op: Operator::Eq,
            value,
        },
        then: Expression::Number(then),
    };
    Field {
        name: name.into(),
        label: label(&name.split('_').map(str::to_string).collect::<Vec<_>>()),
        expression: Expression::Case {
            branches: vec![branch(one, 1.0), branch(zero, 0.0)],
            otherwise: None,
        },
        data_type: DataType::Integer,
        role: Role::Dimension,
        distinct: of.distinct,
        nulls: of.nulls,
        min: Some("0".into()),
        max: Some("1".into()),
        evidence: Some(evidence),
        ..Field::default()
    }
}

/// Turns texts of 0 and 1 into flags, and gives flags the names of both sides.
pub(super) fn add(dataset: &str, fields: &mut Vec<Field>) {
    written_as_text(dataset, fields);
    let mut made = Vec::new();
    for field in fields.iter_mut() {
        let truth = field.data_type == DataType::Boolean;
        let whole = field.data_type == DataType::Integer && is_zero_or_one(field);
        if !truth && !whole {
            continue;
        }
        let name = field.name.trim_start_matches("is_");
        let Some(pair) = pair(name) else { continue };
        for other in pair.other_yes {
            if !field.synonyms.contains(&other) {
                field.synonyms.push(other);
            }
        }
        if pair.no.is_empty() {
            continue;
        }
        let values = if truth {
            (Literal::Bool(false), Literal::Bool(true))
        } else {
            (Literal::Integer(0), Literal::Integer(1))
        };
        let reason = format!("what is not {} is {}", pair.yes, pair.no.replace('_', " "));
        let mut opposite = translated(dataset, field, pair.no, values, reason);
        opposite.synonyms = pair.other_no;
        made.push(opposite);
    }
    for field in made {
        if !fields.iter().any(|f| f.name == field.name) {
            fields.push(field);
        }
    }
}

/// A text of 0 and 1 goes on as "code" beside the flag that it says.
fn written_as_text(dataset: &str, fields: &mut Vec<Field>) {
    let texts: Vec<usize> = (0..fields.len())
        .filter(|i| {
            fields[*i].data_type == DataType::Text
                && fields[*i].distinct == Some(2)
                && is_zero_or_one(&fields[*i])
        })
        .collect();
    for at in texts {
        let name = fields[at].name.clone();
        let code = format!("{name}_code");
        if fields.iter().any(|f| f.name == code) {
            continue;
        }
        let synonyms = std::mem::take(&mut fields[at].synonyms);
        fields[at].name.clone_from(&code);
        fields[at].label = label(&code.split('_').map(str::to_string).collect::<Vec<_>>());
        fields[at].searchable = false;
        let values = (Literal::Text("1".into()), Literal::Text("0".into()));
        let reason = format!("{code} holds 0 and 1 as texts");
        let flag = translated(dataset, &fields[at], &name, values, reason);
        fields.push(Field { synonyms, ..flag });
    }
}
