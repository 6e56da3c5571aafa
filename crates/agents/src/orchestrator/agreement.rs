//! Readings that differ in words and agree in every cell: there is nothing to ask about.

use crate::assistant::{Assistant, Question};
use crate::engineer;
use crate::planner::Step;
use answer::{Cell, ResultTable};
use language::{Reading, Understanding};

/// Rows up to which results are compared; larger ones are asked about.
const COMPARED: usize = 500;
/// Relative difference that summation in another order may make.
const ROUNDING: f64 = 1e-9;

impl Assistant {
    /// A question back whose options all give the same rows becomes an answer that says so.
    pub(super) fn settled(&self, found: Understanding, question: &Question) -> Understanding {
        let Understanding::Clarify {
            question: asked,
            mut options,
        } = found
        else {
            return found;
        };
        let mut tables = options
            .iter()
            .map(|(_, reading)| self.rows_of(reading, question));
        let agree = match tables.next() {
            Some(Some(first)) => {
                !first.rows.is_empty()
                    && tables.all(|t| t.is_some_and(|other| same_rows(&first, &other)))
            }
            _ => false,
        };
        drop(tables);
        if !agree || options.is_empty() {
            return Understanding::Clarify {
                question: asked,
                options,
            };
        }
        let others: Vec<String> = options[1..].iter().map(|(l, _)| l.clone()).collect();
        let (_, mut chosen) = options.swap_remove(0);
        chosen.assumptions.push(format!(
            "the same rows as read in another way: {}",
            others.join("; ")
        ));
        Understanding::Answer(chosen)
    }

    fn rows_of(&self, reading: &Reading, question: &Question) -> Option<ResultTable> {
        let step = Step {
            purpose: String::new(),
            query: reading.query.clone(),
            main: true,
        };
        let (plan, _) = engineer::run(self, &step, 1, question).ok()?;
        plan.result
            .filter(|t| t.rows.len() <= COMPARED && !t.truncated)
    }
}

/// Whether two tables hold the same cells in columns of the same names, or else column for column;
/// the order of rows is that of neither.
fn same_rows(a: &ResultTable, b: &ResultTable) -> bool {
    let columns = a.columns.len() == b.columns.len();
    let by_name: Option<Vec<usize>> = a
        .columns
        .iter()
        .map(|c| b.columns.iter().position(|other| other.name == c.name))
        .collect();
    columns && a.rows.len() == b.rows.len() && {
        let mut left: Vec<Vec<Cell>> = match by_name {
            Some(places) => b
                .rows
                .iter()
                .map(|row| places.iter().map(|p| row[*p].clone()).collect())
                .collect(),
            None => b.rows.clone(),
        };
        a.rows.iter().all(|row| {
            let at = left
                .iter()
                .position(|other| row.iter().zip(other).all(|(x, y)| same_cell(x, y)));
            at.map(|i| left.swap_remove(i)).is_some()
        })
    }
}

fn same_cell(a: &Cell, b: &Cell) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) => (x - y).abs() <= ROUNDING * x.abs().max(y.abs()).max(1.0),
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: Vec<Vec<Cell>>) -> ResultTable {
        let columns = rows.first().map_or(0, Vec::len);
        ResultTable {
            columns: (0..columns)
                .map(|i| answer::Column {
                    name: i.to_string(),
                    data_type: "number".into(),
                    unit: None,
                    role: answer::ColumnRole::Measure,
                    grain: None,
                })
                .collect(),
            row_count: rows.len(),
            rows,
            ..ResultTable::default()
        }
    }

    #[test]
    fn rows_agree_whatever_their_order() {
        let a = table(vec![
            vec![Cell::Text("North".into()), Cell::Number(0.1 + 0.2)],
            vec![Cell::Text("South".into()), Cell::Integer(4)],
        ]);
        let b = table(vec![
            vec![Cell::Text("South".into()), Cell::Number(4.0)],
            vec![Cell::Text("North".into()), Cell::Number(0.3)],
        ]);
        assert!(same_rows(&a, &b));
    }

    #[test]
    fn another_number_or_row_is_no_agreement() {
        let a = table(vec![vec![Cell::Integer(4)], vec![Cell::Integer(4)]]);
        let more = table(vec![vec![Cell::Integer(4)], vec![Cell::Integer(5)]]);
        let fewer = table(vec![vec![Cell::Integer(4)]]);
        assert!(!same_rows(&a, &more));
        assert!(!same_rows(&a, &fewer));
    }
}
