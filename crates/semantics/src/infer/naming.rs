//! Names of tables and columns as words.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

fn abbreviations() -> &'static HashMap<&'static str, &'static str> {
    static READ: OnceLock<HashMap<&'static str, &'static str>> = OnceLock::new();
    READ.get_or_init(|| {
        include_str!("../../lexicon/abbreviations.tsv")
            .lines()
            .filter(|l| !l.starts_with('#'))
            .filter_map(|l| l.split_once('\t'))
            .collect()
    })
}

fn column_nouns() -> &'static HashSet<&'static str> {
    static READ: OnceLock<HashSet<&'static str>> = OnceLock::new();
    READ.get_or_init(|| {
        include_str!("../../lexicon/column_words.txt")
            .lines()
            .filter(|l| !l.starts_with('#'))
            .flat_map(str::split_whitespace)
            .collect()
    })
}

/// The words that a name without a sign between is put together from, as few as possible;
/// itself if it is no such name.
fn cut(part: &str) -> Vec<String> {
    let nouns = column_nouns();
    let whole = || vec![part.to_string()];
    let known = nouns.contains(part) || abbreviations().contains_key(part);
    if part.len() < 6 || !part.bytes().all(|b| b.is_ascii_lowercase()) || known {
        return whole();
    }
    // Fewest words up to each letter, and where the last of them begins.
    let mut best: Vec<Option<(usize, usize)>> = vec![None; part.len() + 1];
    best[0] = Some((0, 0));
    for end in 2..=part.len() {
        for start in 0..end - 1 {
            if let Some((count, _)) = best[start]
                && nouns.contains(&part[start..end])
                && best[end].is_none_or(|(known, _)| count + 1 < known)
            {
                best[end] = Some((count + 1, start));
            }
        }
    }
    let mut words = Vec::new();
    let mut end = part.len();
    while end > 0 {
        let Some((_, start)) = best[end] else {
            return whole();
        };
        words.push(part[start..end].to_string());
        end = start;
    }
    words.reverse();
    if words.iter().any(|w| w.len() >= 4) {
        words
    } else {
        whole()
    }
}

/// Lower-case words of a name: `OrderDate`, `order_date` and `Order Date` are the same.
pub fn words(name: &str) -> Vec<String> {
    let mut parts: Vec<String> = vec![String::new()];
    let characters: Vec<char> = name.chars().collect();
    for (i, c) in characters.iter().enumerate() {
        let before = i.checked_sub(1).map(|b| characters[b]);
        let next = characters.get(i + 1);
        // "B2B" is one word.
        let between = i >= 2
            && characters[i - 1].is_ascii_digit()
            && characters[i - 2].is_uppercase()
            && next.is_none_or(|n| !n.is_lowercase());
        let border = c.is_uppercase()
            && !between
            && (before.is_some_and(|b| b.is_lowercase() || b.is_ascii_digit())
                || (before.is_some_and(char::is_uppercase)
                    && next.is_some_and(|n| n.is_lowercase())));
        if !c.is_alphanumeric() {
            parts.push(String::new());
            continue;
        }
        if border {
            parts.push(String::new());
        }
        if let Some(last) = parts.last_mut() {
            last.extend(c.to_lowercase());
        }
    }
    // "address1" is an address.
    for part in &mut parts {
        let letters = part.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        if letters >= 4 && letters < part.len() {
            part.insert(letters, ' ');
        }
    }
    parts
        .into_iter()
        .flat_map(|p| p.split(' ').map(str::to_string).collect::<Vec<_>>())
        .filter(|p| !p.is_empty())
        .flat_map(|p| cut(&p))
        .flat_map(|p| {
            abbreviations().get(p.as_str()).map_or_else(
                || vec![p.clone()],
                |long| long.split(' ').map(str::to_string).collect(),
            )
        })
        .collect()
}

/// Words of every column, without the short prefixes that all of them share (`l_`, `sbTx`).
pub(crate) fn column_words(columns: &[&str]) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = columns.iter().map(|c| words(c)).collect();
    let shared = shared_prefix(&all);
    for w in &mut all {
        w.drain(..shared);
    }
    all
}

/// Words in front of and behind a table's name that say what kind of table it is, and not of what.
const KINDS_BEFORE: &[&str] = &[
    "dim",
    "fact",
    "fct",
    "tbl",
    "stg",
    "vw",
    "dw",
    "dwh",
    "dimension",
];
const KINDS_BEHIND: &[&str] = &[
    "dim",
    "fact",
    "tbl",
    "table",
    "dataset",
    "csv",
    "export",
    "view",
    "dimension",
];

/// Words of the tables' names without those that say what kind of table it is ("dim", "dataset"),
/// without short prefixes that all share, and without the words in front that most of them share
/// ("olist", "northwind traders"). No name is left without a word.
pub(crate) fn table_words(names: &[&str]) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = names.iter().map(|n| words(n)).collect();
    let shared = shared_prefix(&all);
    for name in &mut all {
        name.drain(..shared);
        while name.len() > 1 && KINDS_BEFORE.contains(&name[0].as_str()) {
            name.remove(0);
        }
        // "2023 Jan 1 … custom transactions": the dates of an export are no part of what it holds.
        let told = name
            .iter()
            .rposition(|w| dated(w))
            .map_or(0, |last| last + 1);
        if told > 0 && told < name.len() && name[..told].iter().all(|w| dated(w)) {
            name.drain(..told);
        }
        // "orders export 1"
        if let [_, .., kind, number] = &name[..]
            && KINDS_BEHIND.contains(&kind.as_str())
            && number.bytes().all(|b| b.is_ascii_digit())
        {
            name.pop();
        }
        while name.len() > 1
            && name
                .last()
                .is_some_and(|w| KINDS_BEHIND.contains(&w.as_str()))
        {
            name.pop();
        }
    }
    while let Some(common) = shared_front(&all) {
        for name in all.iter_mut().filter(|n| n.len() > 1 && n[0] == common) {
            name.remove(0);
        }
    }
    all
}

/// A number, a month, or both in one ("jan1").
fn dated(word: &str) -> bool {
    const MONTHS: &[&str] = &[
        "jan",
        "feb",
        "mar",
        "apr",
        "may",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let letters = word.trim_matches(|c: char| c.is_ascii_digit());
    letters.is_empty() || MONTHS.contains(&letters)
}

/// The word that most names of several words begin with, unless it is the noun of one of them: that
/// may stand before those of its parts ("order", "order lines").
fn shared_front(names: &[Vec<String>]) -> Option<String> {
    let sharing = |word: &String| {
        names
            .iter()
            .filter(|n| n.len() > 1 && n[0] == *word)
            .count()
    };
    let common = names.iter().map(|n| &n[0]).max_by_key(|w| sharing(w))?;
    let noun = names
        .iter()
        .any(|n| n.len() == 1 && singular(&n[0]) == singular(common));
    let shared = sharing(common);
    (shared >= 3 && shared * 4 >= names.len() * 3 && !noun).then(|| common.clone())
}

/// How many short words stand at the front of every name; no name is left without a word.
pub(crate) fn shared_prefix(names: &[Vec<String>]) -> usize {
    let Some(first) = names.first().filter(|_| names.len() > 1) else {
        return 0;
    };
    first
        .iter()
        .enumerate()
        .take_while(|(i, word)| {
            word.len() <= 3 && names.iter().all(|n| n.len() > i + 1 && n[*i] == **word)
        })
        .count()
}

/// `snake_case` from words.
pub(crate) fn snake(words: &[String]) -> String {
    words.join("_")
}

/// Words with capitals at the front.
pub(crate) fn label(words: &[String]) -> String {
    words
        .iter()
        .enumerate()
        .map(|(i, w)| {
            if matches!(w.as_str(), "id" | "sku" | "vat" | "url") {
                return w.to_uppercase();
            }
            let mut letters = w.chars();
            if i == 0 {
                letters
                    .next()
                    .map_or(String::new(), |f| f.to_uppercase().chain(letters).collect())
            } else {
                w.clone()
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// Singular of a noun.
pub(crate) fn singular(word: &str) -> String {
    let n = word.len();
    if n <= 3
        || !word.ends_with('s')
        || word.ends_with("ss")
        || word.ends_with("us")
        || word.ends_with("is")
        || word == "sales"
        || word == "series"
    {
        return word.to_string();
    }
    if word.ends_with("ies") {
        return format!("{}y", &word[..n - 3]);
    }
    for tail in ["xes", "ches", "shes", "sses"] {
        if word.ends_with(tail) {
            return word[..n - 2].to_string();
        }
    }
    word[..n - 1].to_string()
}

/// Singular of the last word.
pub(crate) fn singular_phrase(words: &[String]) -> String {
    let mut out = words.to_vec();
    if let Some(last) = out.last_mut() {
        *last = singular(last);
    }
    out.join(" ")
}

/// Plural of the last word.
pub fn plural(noun: &str) -> String {
    if noun.ends_with('s') || noun.ends_with('x') || noun.ends_with("ch") || noun.ends_with("sh") {
        format!("{noun}es")
    } else if noun.ends_with('y') && !noun.ends_with("ey") && !noun.ends_with("ay") {
        format!("{}ies", &noun[..noun.len() - 1])
    } else {
        format!("{noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words() {
        assert_eq!(words("OrderDate"), ["order", "date"]);
        assert_eq!(words("State/Province"), ["state", "province"]);
        assert_eq!(words("CustomerID"), ["customer", "id"]);
        assert_eq!(words("qty_ordered"), ["quantity", "ordered"]);
        assert_eq!(words("ORDERLINENUMBER"), ["order", "line", "number"]);
        assert_eq!(words("CUSTOMERNAME"), ["customer", "name"]);
        assert_eq!(words("warehouse"), ["warehouse"]);
        assert_eq!(
            words("gross_margin_percentage"),
            ["gross", "margin", "percentage"]
        );
        assert_eq!(words("Basketball"), ["basketball"]);
        assert_eq!(words("B2B"), ["b2b"]);
        assert_eq!(words("Q1Sales"), ["q1", "sales"]);
        assert_eq!(
            table_words(&["dim_product", "fact_sales", "DimDate"]),
            [["product"], ["sales"], ["date"]]
        );
        assert_eq!(
            table_words(&[
                "olist_orders_dataset",
                "olist_order_items_dataset",
                "olist_sellers_dataset"
            ]),
            [vec!["orders"], vec!["order", "items"], vec!["sellers"]]
        );
        assert_eq!(
            table_words(&[
                "HarbourGoods_Sales_2015",
                "HarbourGoods_Product_Categories",
                "HarbourGoods_Products",
                "HarbourGoods_Territories"
            ]),
            [
                vec!["sales", "2015"],
                vec!["product", "categories"],
                vec!["products"],
                vec!["territories"]
            ]
        );
        assert_eq!(
            column_words(&["l_orderkey", "l_tax"]),
            [vec!["order".to_string(), "key".into()], vec!["tax".into()]]
        );
        assert_eq!(
            column_words(&["sbTxId", "sbTxTickerId"]),
            [vec!["id".to_string()], vec!["ticker".into(), "id".into()]]
        );
    }
}
