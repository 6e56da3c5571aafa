//! Arithmetic over leaves.

use super::measure::Leaf;
use crate::dialect::SqlDialect;
use jiff::civil::Date;

/// A number computed from leaves.
#[derive(Debug, Clone)]
pub(super) enum Tree {
    Leaf(usize),
    Ratio(Box<Tree>, Box<Tree>),
    /// Left minus right.
    Difference {
        left: Box<Tree>,
        right: Box<Tree>,
        /// Whether nothing is zero on the left, beside something on the right.
        left_adds: bool,
        /// The same on the right.
        right_adds: bool,
    },
    /// The first where the second is this or more.
    AtLeast(Box<Tree>, Box<Tree>, f64),
    /// Whole days from a day to a stated one.
    DaysTo(Box<Tree>, Date),
    Number(f64),
    Sum(Vec<Tree>),
    Product(Vec<Tree>),
    Coalesce(Vec<Tree>),
}

impl Tree {
    pub(super) fn leaf(leaves: &mut Vec<Leaf>, leaf: Leaf) -> Tree {
        if let Some(at) = leaves.iter().position(|l| *l == leaf) {
            return Tree::Leaf(at);
        }
        leaves.push(leaf);
        Tree::Leaf(leaves.len() - 1)
    }

    /// Adds the leaves that it is made of.
    pub(super) fn leaves(&self, found: &mut Vec<usize>) {
        match self {
            Tree::Leaf(i) => found.push(*i),
            Tree::Ratio(a, b) | Tree::AtLeast(a, b, _) => {
                a.leaves(found);
                b.leaves(found);
            }
            Tree::Difference { left, right, .. } => {
                left.leaves(found);
                right.leaves(found);
            }
            Tree::DaysTo(of, _) => of.leaves(found),
            Tree::Number(_) => {}
            Tree::Sum(parts) | Tree::Product(parts) | Tree::Coalesce(parts) => {
                parts.iter().for_each(|p| p.leaves(found));
            }
        }
    }

    /// The same over leaves that stand so many places further on.
    pub(super) fn moved(&self, by: usize) -> Tree {
        let go = |tree: &Tree| Box::new(tree.moved(by));
        let all = |parts: &[Tree]| parts.iter().map(|p| p.moved(by)).collect();
        match self {
            Tree::Leaf(i) => Tree::Leaf(i + by),
            Tree::Ratio(a, b) => Tree::Ratio(go(a), go(b)),
            Tree::Difference {
                left,
                right,
                left_adds,
                right_adds,
            } => Tree::Difference {
                left: go(left),
                right: go(right),
                left_adds: *left_adds,
                right_adds: *right_adds,
            },
            Tree::AtLeast(value, of, least) => Tree::AtLeast(go(value), go(of), *least),
            Tree::DaysTo(from, day) => Tree::DaysTo(go(from), *day),
            Tree::Number(x) => Tree::Number(*x),
            Tree::Sum(parts) => Tree::Sum(all(parts)),
            Tree::Product(parts) => Tree::Product(all(parts)),
            Tree::Coalesce(parts) => Tree::Coalesce(all(parts)),
        }
    }

    /// Its value over no rows at all; `None` for NULL.
    pub(super) fn of_nothing(&self, leaves: &[Leaf]) -> Option<f64> {
        let go = |tree: &Tree| tree.of_nothing(leaves);
        match self {
            Tree::Leaf(i) => leaves[*i].counts().then_some(0.0),
            Tree::Ratio(a, b) => Some(go(a)? / go(b).filter(|b| *b != 0.0)?),
            Tree::Difference {
                left,
                right,
                left_adds,
                right_adds,
            } => match (go(left), go(right)) {
                (Some(a), Some(b)) => Some(a - b),
                (Some(a), None) => right_adds.then_some(a),
                (None, Some(b)) => left_adds.then_some(-b),
                (None, None) => None,
            },
            Tree::AtLeast(value, of, least) => {
                go(of).filter(|x| x >= least).and_then(|_| go(value))
            }
            Tree::DaysTo(..) => None,
            Tree::Number(x) => Some(*x),
            Tree::Sum(parts) => parts.iter().map(go).sum(),
            Tree::Product(parts) => parts.iter().map(go).product(),
            Tree::Coalesce(parts) => parts.iter().find_map(go),
        }
    }

    /// The expression over leaves that are spelled so.
    pub(super) fn write(&self, sql: &dyn SqlDialect, leaf: &dyn Fn(usize) -> String) -> String {
        let all =
            |parts: &[Tree]| -> Vec<String> { parts.iter().map(|p| p.write(sql, leaf)).collect() };
        match self {
            Tree::Leaf(i) => leaf(*i),
            Tree::Ratio(a, b) => {
                format!(
                    "({})",
                    sql.quotient(&a.write(sql, leaf), &b.write(sql, leaf))
                )
            }
            Tree::Difference {
                left,
                right,
                left_adds,
                right_adds,
            } => {
                let (a, b) = (left.write(sql, leaf), right.write(sql, leaf));
                let mut choices = vec![format!("{a} - {b}")];
                if *right_adds {
                    choices.push(a);
                }
                if *left_adds {
                    choices.push(format!("-{b}"));
                }
                match &choices[..] {
                    [only] => format!("({only})"),
                    many => format!("COALESCE({})", many.join(", ")),
                }
            }
            Tree::AtLeast(value, of, least) => format!(
                "CASE WHEN {} >= {} THEN {} END",
                of.write(sql, leaf),
                sql.number(*least),
                value.write(sql, leaf)
            ),
            Tree::DaysTo(from, day) => sql.days_between(&from.write(sql, leaf), &sql.date(*day)),
            Tree::Number(x) => sql.number(*x),
            Tree::Sum(parts) => format!("({})", all(parts).join(" + ")),
            Tree::Product(parts) => format!("({})", all(parts).join(" * ")),
            Tree::Coalesce(parts) => format!("COALESCE({})", all(parts).join(", ")),
        }
    }
}
