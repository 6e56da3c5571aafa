//! What tells the rows of a table apart.

use super::naming::column_words;
use crate::{DataType, Evidence, TableProfile};

/// The columns that tell all rows of a table apart, declared or proven; none if nothing does.
pub(crate) fn prove_key_of(table: &TableProfile, evidence: &mut dyn Evidence) -> Vec<String> {
    if !table.primary_key.is_empty() {
        return table.primary_key.clone();
    }
    let names: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
    prove_key(table, &column_words(&names), evidence)
}

/// A column (or two) proven to tell all rows apart.
pub(super) fn prove_key(
    table: &TableProfile,
    column_words: &[Vec<String>],
    evidence: &mut dyn Evidence,
) -> Vec<String> {
    if table.rows == 0 {
        return Vec::new();
    }
    let id_like = |w: &Vec<String>| {
        w.iter()
            .any(|x| matches!(x.as_str(), "id" | "key" | "code" | "number" | "no"))
            && !w
                .iter()
                .any(|x| matches!(x.as_str(), "postal" | "zip" | "phone" | "fax"))
    };
    for (column, w) in table.columns.iter().zip(column_words) {
        if column.distinct == table.rows && column.nulls == 0 && id_like(w) {
            return vec![column.name.clone()];
        }
    }
    for (column, w) in table.columns.iter().zip(column_words) {
        if column.distinct == table.rows
            && column.nulls == 0
            && matches!(column.data_type, DataType::Text | DataType::Integer)
            && table.rows > 1
            && !super::columns::names_a_number(w, column.data_type)
        {
            return vec![column.name.clone()];
        }
    }
    let ids: Vec<&str> = table
        .columns
        .iter()
        .zip(column_words)
        .filter(|(c, w)| id_like(w) && c.nulls == 0)
        .map(|(c, _)| c.name.as_str())
        .take(5)
        .collect();
    for (i, a) in ids.iter().enumerate() {
        for b in &ids[i + 1..] {
            if evidence.is_unique(&table.name, &[a, b]) {
                return vec![(*a).to_string(), (*b).to_string()];
            }
        }
    }
    // An id that is unique within a group ("customer 12 of the West").
    let first = table.columns.first().zip(column_words.first());
    if let Some((id, _)) = first.filter(|(c, w)| id_like(w) && c.nulls == 0) {
        let groups = table.columns.iter().skip(1).filter(|c| {
            c.data_type == DataType::Text && c.nulls == 0 && c.distinct * 10 < table.rows
        });
        for group in groups {
            if evidence.is_unique(&table.name, &[&id.name, &group.name]) {
                return vec![id.name.clone(), group.name.clone()];
            }
        }
    }
    snapshot_key(table, column_words, &ids, evidence).unwrap_or_default()
}

/// The day and the ids that a level stands for (one row per day, warehouse and product).
fn snapshot_key(
    table: &TableProfile,
    column_words: &[Vec<String>],
    ids: &[&str],
    evidence: &mut dyn Evidence,
) -> Option<Vec<String>> {
    let level = table
        .columns
        .iter()
        .zip(column_words)
        .any(|(c, w)| super::columns::names_a_level(w, c.data_type));
    if !level {
        return None;
    }
    let day = table
        .columns
        .iter()
        .find(|c| c.data_type == DataType::Date && c.nulls == 0);
    // In a star the day is a key of the calendar like the others.
    let Some(day) = day else {
        let triples = ids.iter().enumerate().flat_map(|(i, a)| {
            ids[i + 1..]
                .iter()
                .enumerate()
                .flat_map(move |(j, b)| ids[i + j + 2..].iter().map(move |c| vec![*a, *b, *c]))
        });
        return triples
            .into_iter()
            .find(|key| evidence.is_unique(&table.name, key))
            .map(|key| key.into_iter().map(str::to_string).collect());
    };
    let with_day = |ids: &[&str]| -> Vec<String> {
        std::iter::once(day.name.clone())
            .chain(ids.iter().map(|i| (*i).to_string()))
            .collect()
    };
    let pairs = ids
        .iter()
        .enumerate()
        .flat_map(|(i, a)| ids[i + 1..].iter().map(move |b| vec![*a, *b]));
    let mut candidates: Vec<Vec<&str>> = ids.iter().map(|i| vec![*i]).chain(pairs).collect();
    candidates.push(ids.to_vec());
    candidates.into_iter().map(|c| with_day(&c)).find(|key| {
        let names: Vec<&str> = key.iter().map(String::as_str).collect();
        evidence.is_unique(&table.name, &names)
    })
}
