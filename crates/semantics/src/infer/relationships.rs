//! Which table refers to which: declared keys first, then names, uniqueness and inclusion.

use super::naming::{singular, words};
use crate::{DataType, Dataset, Evidence, Expression, Relationship, Role, SourceProfile, Subject};

fn physical(dataset: &Dataset, field: &str) -> Option<String> {
    match &dataset.field(field)?.expression {
        Expression::Column(c) => Some(c.clone()),
        _ => None,
    }
}

fn field_of_column(dataset: &Dataset, column: &str) -> Option<String> {
    dataset
        .fields
        .iter()
        .find(|f| matches!(&f.expression, Expression::Column(c) if c.eq_ignore_ascii_case(column)))
        .map(|f| f.name.clone())
}

pub(super) fn find(
    profile: &SourceProfile,
    datasets: &[Dataset],
    evidence: &mut dyn Evidence,
) -> Vec<Relationship> {
    let mut found: Vec<Relationship> = Vec::new();
    for (table, dataset) in profile.tables.iter().zip(datasets) {
        for key in &table.foreign_keys {
            let Some(target) = profile
                .tables
                .iter()
                .position(|t| t.name.eq_ignore_ascii_case(&key.to_table))
            else {
                continue;
            };
            let to = &datasets[target];
            let from_fields: Option<Vec<String>> = key
                .columns
                .iter()
                .map(|c| field_of_column(dataset, c))
                .collect();
            let to_fields: Option<Vec<String>> = if key.to_columns.is_empty() {
                Some(to.primary_key.clone())
            } else {
                key.to_columns
                    .iter()
                    .map(|c| field_of_column(to, c))
                    .collect()
            };
            if let (Some(from_fields), Some(to_fields)) = (from_fields, to_fields)
                && from_fields.len() == to_fields.len()
                && !from_fields.is_empty()
            {
                let columns: Vec<String> =
                    to_fields.iter().filter_map(|f| physical(to, f)).collect();
                let list: Vec<&str> = columns.iter().map(String::as_str).collect();
                let unique = to_fields == to.primary_key
                    || evidence.is_unique(&profile.tables[target].name, &list);
                add(
                    &mut found,
                    dataset,
                    to,
                    from_fields,
                    to_fields,
                    unique,
                    "declared as a foreign key".into(),
                );
            }
        }
    }
    for (table, dataset) in profile.tables.iter().zip(datasets) {
        for field in &dataset.fields {
            let Expression::Column(column) = &field.expression else {
                continue;
            };
            if found
                .iter()
                .any(|r| r.from == dataset.name && r.from_fields == [field.name.clone()])
                || matches!(
                    field.data_type,
                    DataType::Date
                        | DataType::Timestamp
                        | DataType::Float
                        | DataType::Opaque
                        | DataType::Boolean
                )
            {
                continue;
            }
            let owner = owner(&field.name, datasets);
            if owner.is_some_and(|o| o.name == dataset.name) {
                continue;
            }
            let mut best: Option<(f64, usize, String)> = None;
            for (t, to) in datasets.iter().enumerate() {
                if to.primary_key.len() != 1
                    || (to.name == dataset.name)
                    || profile.tables[t].rows == 0
                {
                    continue;
                }
                let key = &to.primary_key[0];
                let Some(target) = to.field(key) else {
                    continue;
                };
                // "restaurant_id" refers to the restaurants whatever their key is called.
                let says_whose =
                    names_the(&to.entity, &field.name) && !names_the(&dataset.entity, &field.name);
                if !says_whose
                    && field.name == dataset.primary_key.first().cloned().unwrap_or_default()
                    && dataset.primary_key.len() == 1
                    && profile.tables[t].rows >= table.rows
                    && field.name != *key
                {
                    continue;
                }
                if (field.data_type == DataType::Text) != (target.data_type == DataType::Text) {
                    continue;
                }
                let names = likeness(&field.name, key, &to.entity);
                if names < 0.5 {
                    continue;
                }
                // One-to-one tables point from the one with fewer rows.
                if !says_whose
                    && dataset.primary_key == [field.name.clone()]
                    && (profile.tables[t].rows < table.rows
                        || (profile.tables[t].rows == table.rows && to.name > dataset.name))
                {
                    continue;
                }
                let Some(target_column) = physical(to, key) else {
                    continue;
                };
                let (from, at) = (
                    (table.name.as_str(), &[column.as_str()][..]),
                    (
                        profile.tables[t].name.as_str(),
                        &[target_column.as_str()][..],
                    ),
                );
                let mut share = evidence.inclusion(from, at);
                // A deed is a weaker sign than a noun: all of it has to be there, in a short list.
                if names == BY_DEED && (share < 1.0 || profile.tables[t].rows * 10 > table.rows) {
                    continue;
                }
                if share < 0.9 {
                    // What is known of some only ("demographics" of some households, "returns" of
                    // some orders): all of them occur here, under the same name.
                    let of_some = field.name == *key
                        && field.role == Role::Id
                        && table.rows > profile.tables[t].rows
                        && evidence.inclusion(at, from) >= 0.95;
                    if !of_some {
                        continue;
                    }
                    share = 0.9;
                }
                let owned = owner.is_some_and(|o| o.name == to.name);
                let score = names * share + if owned { 0.1 } else { 0.0 };
                if best.as_ref().is_none_or(|b| score > b.0) {
                    best = Some((score, t, key.clone()));
                }
            }
            if let Some((score, t, key)) = best {
                let to = &datasets[t];
                let reason = format!(
                    "{score:.2}: the names agree and the values of {column} are among the keys of {}",
                    to.label
                );
                add(
                    &mut found,
                    dataset,
                    to,
                    vec![field.name.clone()],
                    vec![key],
                    true,
                    reason,
                );
            }
        }
    }
    composite(profile, datasets, evidence, &mut found);
    found
}

/// The table whose noun an id carries, and whose key goes by the same name: "order id" is that of the
/// orders, and not of the payments that have one for each order.
fn owner<'d>(id: &str, datasets: &'d [Dataset]) -> Option<&'d Dataset> {
    let (noun, last) = id.rsplit_once('_')?;
    if !matches!(last, "id" | "key" | "code" | "number") {
        return None;
    }
    let noun = noun.replace('_', " ");
    datasets
        .iter()
        .find(|d| d.entity == noun && d.primary_key == [id.to_string()])
}

/// References by two columns or more, of the same names on both sides ("customer id" and "region").
fn composite(
    profile: &SourceProfile,
    datasets: &[Dataset],
    evidence: &mut dyn Evidence,
    found: &mut Vec<Relationship>,
) {
    for (table, dataset) in profile.tables.iter().zip(datasets) {
        for (target, to) in profile.tables.iter().zip(datasets) {
            let linked = found
                .iter()
                .any(|r| r.from == dataset.name && r.to == to.name);
            if linked || to.name == dataset.name || target.rows == 0 || table.rows <= target.rows {
                continue;
            }
            for key in joint_keys(dataset, to, found) {
                let pairs: Vec<(String, String)> = key
                    .iter()
                    .filter_map(|k| Some((physical(dataset, k)?, physical(to, k)?)))
                    .collect();
                let (from, at): (Vec<&str>, Vec<&str>) =
                    pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())).unzip();
                if pairs.len() == key.len()
                    && evidence.is_unique(&target.name, &at)
                    && evidence.inclusion((&table.name, &from), (&target.name, &at)) >= 0.9
                {
                    let reason = format!(
                        "the values of {} together are keys of {}",
                        from.join(" and "),
                        to.label
                    );
                    add(found, dataset, to, key.clone(), key, true, reason);
                    break;
                }
            }
        }
    }
}

/// Fields of both datasets that may tell rows of the second apart together: its key, or an id with
/// a group that it is unique within. A bridge's key is made of references to others and is none.
fn joint_keys(dataset: &Dataset, to: &Dataset, found: &[Relationship]) -> Vec<Vec<String>> {
    let mut keys = Vec::new();
    let of_others = to.primary_key.iter().all(|k| {
        found
            .iter()
            .any(|r| r.from == to.name && r.from_fields == [k.clone()])
    });
    if to.primary_key.len() > 1 && !of_others {
        keys.push(to.primary_key.clone());
    }
    let shared = |f: &&crate::Field| dataset.field(&f.name).is_some();
    for id in to.fields.iter().filter(shared).filter(|f| {
        f.role == Role::Id && !matches!(f.subject, Subject::PostalCode | Subject::Phone)
    }) {
        for group in to
            .fields
            .iter()
            .filter(shared)
            .filter(|f| f.role == Role::Dimension && f.data_type == DataType::Text)
        {
            keys.push(vec![id.name.clone(), group.name.clone()]);
        }
    }
    // What is known of a thing for each day ("store", "date").
    let numbered = |f: &&crate::Field| {
        f.role == Role::Id
            || f.data_type == DataType::Integer && super::columns::is_thing(f.subject)
    };
    for day in
        to.fields.iter().filter(shared).filter(|f| {
            f.data_type == DataType::Date && dataset.event_time.as_ref() == Some(&f.name)
        })
    {
        for thing in to.fields.iter().filter(shared).filter(numbered) {
            keys.push(vec![thing.name.clone(), day.name.clone()]);
        }
    }
    keys.retain(|k| k.iter().all(|f| dataset.field(f).is_some()));
    keys
}

/// Whether a column name carries the noun of a table ("customer" in "billing_customer_id").
fn names_the(entity: &str, column: &str) -> bool {
    let noun: Vec<String> = entity.split(' ').map(singular).collect();
    let column: Vec<String> = column.split('_').map(singular).collect();
    !entity.is_empty() && column.windows(noun.len()).any(|w| w == noun)
}

fn add(
    found: &mut Vec<Relationship>,
    from: &Dataset,
    to: &Dataset,
    from_fields: Vec<String>,
    to_fields: Vec<String>,
    unique: bool,
    evidence: String,
) {
    let base = format!("{}_{}", from.name, from_fields.join("_"));
    if found
        .iter()
        .any(|r| r.from == from.name && r.from_fields == from_fields && r.to == to.name)
    {
        return;
    }
    let mut name = base.clone();
    let mut n = 2;
    while found.iter().any(|r| r.name == name) {
        name = format!("{base}_{n}");
        n += 1;
    }
    found.push(Relationship {
        name,
        from: from.name.clone(),
        to: to.name.clone(),
        from_fields,
        to_fields,
        unique,
        evidence: Some(evidence),
        role: None,
    });
}

/// How alike a referring field and a key are by name, 0..1.
fn likeness(field: &str, key: &str, entity: &str) -> f64 {
    if field == key && field != "id" {
        return 1.0;
    }
    let w: Vec<String> = words(field).iter().map(|w| singular(w)).collect();
    let noun: Vec<String> = entity.split(' ').map(singular).collect();
    let bare = |list: &[String]| -> Vec<String> {
        list.iter()
            .filter(|x| !matches!(x.as_str(), "id" | "key" | "code" | "number" | "no" | "fk"))
            .cloned()
            .collect()
    };
    let left = bare(&w);
    if !left.is_empty() && (left == noun || left.ends_with(&noun)) && w.len() > left.len() {
        return 0.95;
    }
    let right = bare(&words(key));
    if !left.is_empty() && left == right && w.len() > left.len() {
        return 0.9;
    }
    // "territory_key" and "sales_territory_key", where the table says what is in front.
    if let Some(front) = right.strip_suffix(&left[..])
        && !left.is_empty()
        && !front.is_empty()
        && w.len() > left.len()
        && front.iter().all(|x| noun.contains(x))
        && noun.ends_with(&left)
    {
        return 0.88;
    }
    // "sold_to_customer_id" and "customer_id"
    if !right.is_empty() && left.ends_with(&right) && w.len() > left.len() {
        return 0.85;
    }
    if left == noun {
        0.6
    } else if let ([deed, how], [doer]) = (&left[..], &noun[..])
        && BY_WHOM.contains(&how.as_str())
        && does(doer, deed)
    {
        BY_DEED
    } else {
        0.0
    }
}

/// Likeness of a column that says what the rows of a table do ("ship via" of the shippers).
const BY_DEED: f64 = 0.55;

/// Words between a deed and who does it.
const BY_WHOM: &[&str] = &["via", "by", "through", "with", "from"];

/// Whether a deed, in any form, is that of a doer: "ship" and "shipped" of a shipper, "supply" of a
/// supplier, "drive" of a driver.
fn does(doer: &str, deed: &str) -> bool {
    let Some(stem) = doer.strip_suffix("er").or_else(|| doer.strip_suffix("or")) else {
        return false;
    };
    let mut letters = stem.chars();
    let doubled = letters
        .next_back()
        .is_some_and(|last| letters.next_back() == Some(last));
    deed == stem
        || deed.strip_suffix("ed") == Some(stem)
        || deed.strip_suffix('e') == Some(stem)
        || deed
            .strip_suffix('y')
            .is_some_and(|d| stem.strip_suffix('i') == Some(d))
        || doubled
            && stem
                .char_indices()
                .next_back()
                .is_some_and(|(at, _)| deed == &stem[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeds_belong_to_their_doers() {
        for (doer, deed, expected) in [
            ("shipper", "ship", true),
            ("shipper", "shipped", true),
            ("supplier", "supply", true),
            ("supplier", "supplied", true),
            ("driver", "drive", true),
            ("seller", "sell", true),
            ("creator", "create", true),
            ("shipper", "shop", false),
            ("customer", "ship", false),
            ("order", "ord", true),
            ("store", "store", false),
        ] {
            assert_eq!(does(doer, deed), expected, "{doer} {deed}");
        }
    }
}
