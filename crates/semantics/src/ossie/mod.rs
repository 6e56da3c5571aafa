//! The Apache Ossie core document: read, and written.

mod document;
mod metrics;
mod read;
mod write;

pub(crate) use document::Metric as WrittenMetric;
pub(crate) use metrics::{Definition, tree_of, written_tree};
pub(crate) use read::{misread_key, read, set_expression};
pub use write::{Export, export};
pub(crate) use write::{Written, label_of};

#[cfg(test)]
mod tests;
