//! Every attack of the suite is refused, every twin passes; prints a table by category.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    dead_code,
    reason = "a test; each uses a part of the suite"
)]

mod suite;

use std::collections::BTreeMap;

#[test]
fn attacks_are_refused_and_their_twins_pass() {
    let model = suite::model();
    let cases = suite::cases();
    let mut wrong = Vec::new();
    let mut table: BTreeMap<(u32, char), (usize, usize, usize)> = BTreeMap::new();
    let shown = |sql: &str| sql.chars().take(160).collect::<String>();
    for case in &cases {
        let schema = case.model.then_some(&model);
        let row = table.entry((case.category, case.letter)).or_default();
        row.0 += 1;
        match guard::check(&case.attack, case.dialect, schema) {
            Ok(_) => wrong.push(format!(
                "{} {} passed: {}",
                case.category,
                case.letter,
                shown(&case.attack)
            )),
            Err(refusal) if !case.codes.iter().any(|c| c == refusal.code) => wrong.push(format!(
                "{} {} refused as {} instead of {:?}: {}",
                case.category,
                case.letter,
                refusal.code,
                case.codes,
                shown(&case.attack)
            )),
            Err(_) => row.1 += 1,
        }
        match guard::check(&case.twin, case.dialect, schema) {
            Ok(_) => row.2 += 1,
            Err(refusal) => wrong.push(format!(
                "{} {} twin refused, {refusal}: {}",
                case.category,
                case.letter,
                shown(&case.twin)
            )),
        }
    }
    println!("category dialect attacks refused twins-passed");
    for ((category, letter), (all, refused, passed)) in &table {
        println!("{category:>8} {letter:>7} {all:>7} {refused:>7} {passed:>12}");
    }
    println!("{} cases in {} categories", cases.len(), {
        let mut numbers: Vec<u32> = cases.iter().map(|c| c.category).collect();
        numbers.dedup();
        numbers.len()
    });
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases.len() >= 1000, "only {} cases", cases.len());
}
