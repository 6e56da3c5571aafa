//! Random rows: NULLs, orphans, duplicates, empty tables, ties, leap days, turns of the year.

use crate::calendar;
use crate::model_generator::{CURRENCIES, Column, Content, Design};
use crate::random::Random;
use crate::tables::{Table, Tables};
use crate::value::{ColumnType, Value};

/// Values of text columns.
pub(crate) const WORDS: [&str; 7] = ["tea", "Tea", "Café", "cafe", "it's", "50%_off", "west"];

/// First and last day of the data.
pub(crate) fn first_day() -> i64 {
    calendar::day(2022, 11, 1)
}
pub(crate) fn last_day() -> i64 {
    calendar::day(2025, 3, 20)
}

fn a_day(random: &mut Random) -> i64 {
    match random.below(10) {
        0 | 1 => calendar::day(2024, 2, 27) + random.between(0, 4),
        2 => calendar::day(2023, 2, 26) + random.between(0, 4),
        3 => calendar::day(2025, 2, 26) + random.between(0, 4),
        4 => calendar::day(2023, 12, 28) + random.between(0, 7),
        5 => calendar::day(2024, 12, 28) + random.between(0, 7),
        6 | 7 => calendar::day(2024, 1, 1) + random.between(0, 90),
        _ => random.between(first_day(), last_day()),
    }
}

fn cell(random: &mut Random, fill: &Content, row: usize) -> Value {
    let nullable = !matches!(fill, Content::Key | Content::UniqueWord | Content::Item);
    if nullable && random.chance(9) {
        return Value::Null;
    }
    match fill {
        Content::Key => Value::int(row as i128 + 1),
        Content::UniqueWord => Value::Text(format!("k{row}")),
        // Filled when all rows are there.
        Content::Reference { .. } | Content::ValidFrom | Content::ValidTo => Value::Null,
        Content::Word => Value::text(WORDS[random.below(WORDS.len())]),
        Content::Whole => Value::int(i128::from(random.between(-1, 6))),
        Content::Item => Value::int(i128::from(random.between(1, 4))),
        Content::Money => Value::Exact {
            units: i128::from(*random.pick(&[
                0, 100, 500, 500, 1000, 1050, 1995, 9999, -300, 33, 7, 123_456,
            ])),
            scale: 2,
        },
        Content::Quarters => Value::Float(random.between(-4, 40) as f64 / 4.0),
        Content::Day => Value::Date(a_day(random)),
        Content::Time => {
            let second = match random.below(4) {
                0 => 0,
                1 => 86_399,
                _ => random.between(0, 86_399),
            };
            Value::Timestamp(a_day(random) * 86_400 + second)
        }
        Content::Currency => Value::text(CURRENCIES[random.below(CURRENCIES.len())]),
        Content::Flag => Value::Bool(random.chance(50)),
    }
}

/// Makes the rows of a table versions of fewer things, one after the other, some with a gap
/// between, most of the last ones without an end.
fn versions(random: &mut Random, table: &mut Table, columns: &[Column], last_day_counts: bool) {
    let of = |fill: Content| columns.iter().position(|c| c.fill == fill);
    let key = of(Content::Key).or(of(Content::UniqueWord));
    let (Some(key), Some(since), Some(until)) = (key, of(Content::ValidFrom), of(Content::ValidTo))
    else {
        return;
    };
    let mut at = 0;
    while at < table.rows.len() {
        let count = (1 + random.below(3)).min(table.rows.len() - at);
        let mut starts = std::collections::BTreeSet::new();
        while starts.len() < count {
            starts.insert(a_day(random));
        }
        let starts: Vec<i64> = starts.into_iter().collect();
        let name = table.rows[at][key].clone();
        for (i, start) in starts.iter().enumerate() {
            let end = match starts.get(i + 1) {
                Some(next) if random.chance(80) => Some(*next),
                Some(next) => Some(random.between(start + 1, *next)),
                None if random.chance(75) => None,
                None => Some(start + random.between(1, 400)),
            };
            let row = &mut table.rows[at + i];
            row[key] = name.clone();
            row[since] = Value::Date(*start);
            row[until] = end.map_or(Value::Null, |end| {
                Value::Date(end - i64::from(last_day_counts))
            });
        }
        at += count;
    }
}

pub(crate) fn fill(random: &mut Random, design: &Design) -> Tables {
    let model = &design.model;
    let mut tables: Vec<Table> = Vec::new();
    for (i, dataset) in model.datasets.iter().enumerate() {
        let columns = &design.columns[i];
        let looked_up = model.relationships.iter().any(|r| r.to == dataset.name);
        let rows = if random.chance(4) {
            0
        } else if looked_up {
            1 + random.below(7)
        } else {
            1 + random.below(40)
        };
        let mut table = Table {
            columns: columns.iter().map(|c| (c.name.clone(), c.kind)).collect(),
            rows: Vec::new(),
        };
        for row in 0..rows {
            table
                .rows
                .push(columns.iter().map(|c| cell(random, &c.fill, row)).collect());
        }
        if let Some(validity) = &dataset.validity {
            versions(random, &mut table, columns, validity.to_inclusive);
        }
        let rows = table.rows.len();
        tables.push(table);
        // Links: mostly to a row that is there.
        for (r, relationship) in model.relationships.iter().enumerate() {
            if relationship.from != dataset.name {
                continue;
            }
            let Some(target) = model
                .datasets
                .iter()
                .position(|d| d.name == relationship.to)
            else {
                continue;
            };
            let key_columns: Vec<usize> = relationship
                .to_fields
                .iter()
                .filter_map(|f| {
                    model.datasets[target]
                        .fields
                        .iter()
                        .position(|other| &other.name == f)
                })
                .collect();
            let keys: Vec<Vec<Value>> = tables[target]
                .rows
                .iter()
                .map(|row| key_columns.iter().map(|k| row[*k].clone()).collect())
                .collect();
            for row in 0..rows {
                let roll = random.below(100);
                let found = random.pick_from(&keys);
                for (c, column) in columns.iter().enumerate() {
                    let Content::Reference { relationship, part } = column.fill else {
                        continue;
                    };
                    if relationship != r {
                        continue;
                    }
                    let value = match &found {
                        Some(key) if roll < 84 => key[part].clone(),
                        _ if roll < 92 => Value::Null,
                        _ => match column.kind {
                            ColumnType::Text => Value::text("nowhere"),
                            ColumnType::Date => Value::Date(last_day()),
                            ColumnType::Timestamp => Value::Timestamp(last_day() * 86_400),
                            _ => Value::int(99),
                        },
                    };
                    tables[i].rows[row][c] = value;
                }
            }
        }
        // An item is counted once at a time, and it is known when.
        if let Some(item) = columns.iter().position(|c| c.fill == Content::Item)
            && let Some(day) = dataset.fields.iter().position(|f| f.name == "day")
        {
            let mut seen = std::collections::BTreeSet::new();
            tables[i].rows.retain(|row| {
                !row[day].is_null() && seen.insert((row[item].clone(), row[day].clone()))
            });
        }
        // Without a key, rows may repeat.
        if dataset.primary_key.is_empty() && rows > 0 && random.chance(50) {
            for _ in 0..1 + random.below(3) {
                let copy = random.pick(&tables[i].rows).clone();
                tables[i].rows.push(copy);
            }
        }
    }
    model
        .datasets
        .iter()
        .zip(tables)
        .map(|(d, t)| (d.table[0].clone(), t))
        .collect()
}
