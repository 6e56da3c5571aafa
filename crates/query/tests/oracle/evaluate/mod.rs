//! The naive evaluator: a typed query over rows in memory, by the letter of the contract.
//!
//! It goes row by row, follows one relationship at a time and knows no SQL. Slow is fine,
//! obvious is the aim. What it takes from the compiler's crate are the query's types only.

mod aggregate;
mod bands;
mod basket;
mod cohort;
mod columns;
mod comparable;
mod comparison;
mod cumulative;
mod decompose;
mod defaults;
mod filter;
mod kinds;
mod leaf;
mod level;
mod lists;
mod lookup;
mod measure;
mod ranking;
mod refusal;

use crate::counting::Counting;
use crate::tables::{Table, Tables};
use crate::value::Value;
use query::{Part, Query, Reader};
use semantics::Model;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

pub(crate) use lookup::{Reach, is_clear, many_to_one, reach};
pub(crate) use measure::adds_up;

/// A group: the values of the dimensions.
pub(crate) type Key = Vec<Value>;

/// What a column of the result shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    Dimension(usize),
    Metric(usize, Part),
    Field(usize),
}

/// What a query must give.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// Rows in order.
    Rows {
        columns: Vec<Shown>,
        rows: Vec<Vec<Value>>,
        /// Whether a rank, threshold or sort hung on two floats that are almost equal, so that
        /// rounding decides.
        rounding_decides: bool,
    },
    /// Any of these codes.
    Refused(BTreeSet<&'static str>),
}

/// Days from `start` up to but not including `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Days {
    pub(crate) start: Option<i64>,
    pub(crate) end: Option<i64>,
}

impl Days {
    pub(crate) fn is_open(self) -> bool {
        self.start.is_none() && self.end.is_none()
    }
}

pub(crate) struct Evaluator<'a> {
    pub(crate) model: &'a Model,
    tables: Vec<&'a Table>,
    rounding: Cell<bool>,
    /// Members of sub-queries, found once for each place where one stands in a query.
    members: RefCell<BTreeMap<usize, Rc<BTreeSet<Value>>>>,
    numbers: RefCell<BTreeMap<usize, Value>>,
    /// What the query counts by that is being answered.
    counting: Cell<Counting>,
    /// What whoever asks may not see.
    shut: refusal::Shut,
    /// Whether attributes that change over time are those of now.
    current_attributes: Cell<bool>,
    /// Datasets whose default filters are off.
    unfiltered: RefCell<BTreeSet<String>>,
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(model: &'a Model, tables: &'a Tables) -> Result<Evaluator<'a>, String> {
        let tables = model
            .datasets
            .iter()
            .map(|d| {
                d.table
                    .last()
                    .and_then(|t| tables.get(t))
                    .ok_or_else(|| format!("no table for dataset {}", d.name))
            })
            .collect::<Result<Vec<_>, String>>()?;
        Ok(Evaluator {
            model,
            tables,
            rounding: Cell::new(false),
            members: RefCell::default(),
            numbers: RefCell::default(),
            counting: Cell::new(Counting::plain(model)),
            shut: refusal::Shut::default(),
            current_attributes: Cell::new(false),
            unfiltered: RefCell::default(),
        })
    }

    /// The same for someone who may not see everything; `tables` has the rows that they see.
    pub(crate) fn for_reader(
        model: &'a Model,
        tables: &'a Tables,
        reader: Option<&Reader>,
    ) -> Result<Evaluator<'a>, String> {
        Ok(Evaluator {
            shut: reader.map_or_else(Default::default, |r| refusal::Shut::to(model, r)),
            ..Evaluator::new(model, tables)?
        })
    }

    pub(crate) fn answer(&self, query: &Query) -> Answer {
        let refusals = refusal::refusals(self.model, query, &self.shut);
        if !refusals.is_empty() {
            return Answer::Refused(refusals);
        }
        self.rounding.set(false);
        self.current_attributes.set(query.current_attributes);
        self.members.borrow_mut().clear();
        self.numbers.borrow_mut().clear();
        *self.unfiltered.borrow_mut() = query.without_default_filters.iter().cloned().collect();
        let (columns, rows) = self.rows_of(query);
        Answer::Rows {
            columns,
            rows,
            rounding_decides: self.rounding.get(),
        }
    }

    /// What a query counts by.
    pub(crate) fn counting_of(&self, query: &Query) -> Counting {
        let named = query.time.as_ref().and_then(|t| t.calendar.as_deref());
        Counting::of(self.model, named).unwrap_or(Counting::plain(self.model))
    }

    /// Notes when two numbers that are not both exact are almost equal.
    fn near(&self, a: &Value, b: &Value) {
        if matches!((a, b), (Value::Exact { .. }, Value::Exact { .. })) {
            return;
        }
        if let (Some(x), Some(y)) = (a.as_f64(), b.as_f64())
            && (x - y).abs() <= 1e-9 * x.abs().max(y.abs())
        {
            self.rounding.set(true);
        }
    }

    /// The values of a sub-query's first column.
    fn members(&self, query: &Query) -> Rc<BTreeSet<Value>> {
        let place = std::ptr::from_ref(query) as usize;
        if let Some(found) = self.members.borrow().get(&place) {
            return found.clone();
        }
        let found: Rc<BTreeSet<Value>> = Rc::new(
            self.rows_of(query)
                .1
                .into_iter()
                .filter_map(|row| row.into_iter().next())
                .filter(|v| !v.is_null())
                .collect(),
        );
        self.members.borrow_mut().insert(place, found.clone());
        found
    }

    /// The one number of a sub-query.
    fn number_of(&self, query: &Query) -> Value {
        let place = std::ptr::from_ref(query) as usize;
        if let Some(found) = self.numbers.borrow().get(&place) {
            return found.clone();
        }
        let found = self
            .rows_of(query)
            .1
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next())
            .unwrap_or(Value::Null);
        self.numbers.borrow_mut().insert(place, found.clone());
        found
    }

    fn dataset(&self, name: &str) -> usize {
        self.model
            .datasets
            .iter()
            .position(|d| d.name == name)
            .unwrap_or(usize::MAX)
    }
}

/// Values of one measure by group.
pub(crate) type Groups = BTreeMap<Key, Value>;
