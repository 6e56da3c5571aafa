//! Numbers put into bands: distributions, quantiles, ABC classes.

use super::{Dimension, Query};
use schemars::JsonSchema;
use semantics::FieldRef;
use serde::{Deserialize, Serialize};

/// Whose number decides the band of a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Banded {
    /// A field of the row, or one reached many-to-one from it.
    Field(FieldRef),
    /// What a query gives for the row's entity ("revenue of the customer"): the first column of
    /// its first metric. The query stands for itself, with its own filter and time; its one
    /// dimension is the entity, a field that rows reach many-to-one. An entity that it does not
    /// give has the number 0 if that is what the metric is over nothing (a count, an `or_zero`),
    /// and none otherwise.
    Query(Box<Query>),
}

impl Banded {
    /// The field by which a row finds its number; `None` for a query of another form.
    pub fn key(&self) -> Option<&FieldRef> {
        match self {
            Banded::Field(field) => Some(field),
            Banded::Query(query) => match (&query.dimensions[..], query.metrics.first()) {
                ([Dimension::Field(entity)], Some(_)) => Some(entity),
                _ => None,
            },
        }
    }
}

/// A class of items that together make up a part of the whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParetoClass {
    /// Name ("A"), unique among the classes.
    pub name: String,
    /// Share of the whole, above 0 and at most 1, at which the class ends.
    pub up_to: f64,
}

/// How numbers become bands. No number, no band (NULL).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Banding {
    /// Bands of this width, one of which starts at 0. A band is its lower edge, which belongs to
    /// it: a whole number if the numbers and the width are whole, a decimal if the numbers are
    /// whole or decimals, floating point otherwise. The width is above 0.
    Width(f64),
    /// Bands between these edges, in ascending order; an edge belongs to the band above it. A
    /// band is a text: `< 10`, `10 – < 50`, `≥ 50`; bands sort by their edges.
    Edges(Vec<f64>),
    /// So many groups of equally many numbers, as far as equal numbers allow: band k (from 1) holds
    /// the numbers x for which ⌊n · (how many numbers are smaller than x) / (how many there are)⌋ =
    /// k − 1, so that equal numbers share a band. What is counted are the rows of the field's own
    /// dataset that count by default, whatever the query's filter and time, or the entities with a
    /// name that the query gives. Dates and times have quantiles too. From 2 to 100.
    Quantiles(u32),
    /// Classes of the largest, the next largest and so on ("A up to 80 % of revenue"). An entity is
    /// in the first class whose `up_to`, times the sum of all numbers, is above the sum of the
    /// numbers larger than its own: the entity that reaches 80 % is still in A, and equal numbers
    /// share a class. The last class ends at 1 and takes what is left. No class where the sum of
    /// all is not above 0. Only for numbers that a query gives; they add up over entities
    /// (`E_UNSAFE_REAGGREGATION` otherwise), and entities without a name are left out.
    Pareto(Vec<ParetoClass>),
}
