//! What a document leaves open, to be completed from names and data.

use std::collections::BTreeMap;

/// What is open of a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldGaps {
    pub(crate) label: bool,
    pub(crate) data_type: bool,
    pub(crate) role: bool,
    pub(crate) subject: bool,
    pub(crate) additivity: bool,
    pub(crate) unit: bool,
    pub(crate) synonyms: bool,
    pub(crate) searchable: bool,
    pub(crate) profile: bool,
    /// Whether the document says that it is a dimension, and of what kind.
    pub(crate) dimension: Option<Dimension>,
}

/// What a document says of a dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dimension {
    Time,
    Other,
}

/// What is open of a dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DatasetGaps {
    pub(crate) label: bool,
    pub(crate) entity: bool,
    pub(crate) primary_key: bool,
    pub(crate) name_field: bool,
    pub(crate) event_time: bool,
    pub(crate) is_fact: bool,
    pub(crate) rows: bool,
}

/// What is open of a metric.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MetricGaps {
    pub(crate) label: bool,
    pub(crate) additivity: bool,
    pub(crate) unit: bool,
}

/// What is open of a model; nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Gaps {
    /// By dataset and field.
    pub(crate) fields: BTreeMap<(String, String), FieldGaps>,
    pub(crate) datasets: BTreeMap<String, DatasetGaps>,
    pub(crate) metrics: BTreeMap<String, MetricGaps>,
    /// Relationships whose uniqueness nothing states.
    pub(crate) relationships: Vec<String>,
    pub(crate) entities: bool,
    pub(crate) default_time: bool,
    pub(crate) default_metric: bool,
    pub(crate) currency: bool,
}
