//! The overlay: what a retailer's model needs and an Ossie document cannot say.

mod calendar;
mod document;
mod extract;
mod fields;
mod metrics;
mod model;
mod ordered;
mod schema;

pub(crate) use document::*;
pub(crate) use extract::extract;
pub(crate) use fields::{
    add_fields, check_header, datasets, field_expressions, fields, relationships,
};
pub(crate) use metrics::{defines, definition, describe_metric, metric_order};
pub(crate) use model::model;
pub use schema::overlay_schema;
