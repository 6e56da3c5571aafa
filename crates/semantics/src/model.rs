//! The whole model.

use crate::{
    AsOf, Calendar, ComparableRule, CurrencyConversion, Dataset, Event, Field, FieldRef, Fiscal,
    Lexicon, Metric, MetricKind, Policy, Relationship, VerifiedQuery,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that people count, rank and list: customers, products, orders, cities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// Singular noun, lower case.
    pub name: String,
    /// As shown to people.
    pub label: String,
    /// Other nouns, singular, lower case.
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// What is counted distinct.
    pub key: FieldRef,
    /// What is shown.
    pub display: FieldRef,
    /// The id to show beside a name that is not unique.
    #[serde(default)]
    pub id_field: Option<FieldRef>,
    /// The dataset whose rows are the entity (its key is the primary key), if there is one.
    #[serde(default)]
    pub dataset: Option<String>,
}

/// What another program keeps in the exchanged document; carried along unread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForeignExtension {
    /// Part of the model that it belongs to: empty for the whole, else `datasets/orders`,
    /// `fields/orders/status`, `relationships/…` or `metrics/…`.
    pub place: String,
    /// Name of the program's maker.
    pub vendor_name: String,
    /// Its text.
    pub data: String,
}

/// The whole model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Name.
    pub name: String,
    /// What it is about.
    #[serde(default)]
    pub description: String,
    /// Other words for the subject of the model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<String>,
    /// What a language model is told about it; data to it, never a command to us.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instructions: String,
    /// Tables.
    pub datasets: Vec<Dataset>,
    /// Many-to-one links.
    pub relationships: Vec<Relationship>,
    /// Named numbers.
    pub metrics: Vec<Metric>,
    /// Things with a name.
    #[serde(default)]
    pub entities: Vec<Entity>,
    /// The time field that "in 2022" means when nothing else is said.
    #[serde(default)]
    pub default_time: Option<FieldRef>,
    /// The metric that "how much did we sell" means.
    #[serde(default)]
    pub default_metric: Option<String>,
    /// What "now" is.
    #[serde(default, skip_serializing_if = "is_watermark")]
    pub as_of: AsOf,
    /// ISO 4217 code of the amounts, if known.
    #[serde(default)]
    pub currency: Option<String>,
    /// How amounts of other currencies become amounts of this one; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency_conversion: Option<CurrencyConversion>,
    /// IANA name of the zone whose midnight ends the business day; times are taken as they stand
    /// if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// First day of the week: 1 = Monday … 7 = Sunday.
    #[serde(default = "monday")]
    pub week_start: u8,
    /// Year of calendar months that does not start in January.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fiscal: Option<Fiscal>,
    /// Retail calendars, the first one being the house's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calendars: Vec<Calendar>,
    /// Holidays and campaigns that move.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// Comparable-store policies, the first one being the usual one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comp_rules: Vec<ComparableRule>,
    /// Who may see what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Policy>,
    /// Words of the house.
    #[serde(default, skip_serializing_if = "Lexicon::is_empty")]
    pub lexicon: Lexicon,
    /// Questions that someone has checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verified_queries: Vec<VerifiedQuery>,
    /// What other programs keep in the exchanged document.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_extensions: Vec<ForeignExtension>,
}

fn monday() -> u8 {
    1
}

fn is_watermark(as_of: &AsOf) -> bool {
    *as_of == AsOf::Watermark
}

impl Default for Model {
    fn default() -> Self {
        Model {
            name: String::new(),
            description: String::new(),
            synonyms: Vec::new(),
            instructions: String::new(),
            datasets: Vec::new(),
            relationships: Vec::new(),
            metrics: Vec::new(),
            entities: Vec::new(),
            default_time: None,
            default_metric: None,
            as_of: AsOf::Watermark,
            currency: None,
            currency_conversion: None,
            timezone: None,
            week_start: monday(),
            fiscal: None,
            calendars: Vec::new(),
            events: Vec::new(),
            comp_rules: Vec::new(),
            policies: Vec::new(),
            lexicon: Lexicon::default(),
            verified_queries: Vec::new(),
            foreign_extensions: Vec::new(),
        }
    }
}

impl Model {
    /// The dataset of that name.
    pub fn dataset(&self, name: &str) -> Option<&Dataset> {
        self.datasets.iter().find(|d| d.name == name)
    }
    /// The metric of that name.
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|m| m.name == name)
    }
    /// The field that a reference names.
    pub fn field(&self, field: &FieldRef) -> Option<&Field> {
        self.dataset(&field.dataset)?.field(&field.field)
    }
    /// The calendar of that name.
    pub fn calendar(&self, name: &str) -> Option<&Calendar> {
        self.calendars.iter().find(|c| c.name == name)
    }
    /// The event of that name.
    pub fn event(&self, name: &str) -> Option<&Event> {
        self.events.iter().find(|e| e.name == name)
    }
    /// The comparable-store policy of that name.
    pub fn comp_rule(&self, name: &str) -> Option<&ComparableRule> {
        self.comp_rules.iter().find(|c| c.name == name)
    }
    /// The field that a metric adds up over all rows of a dataset, if that is all it does.
    pub fn summed_field(&self, metric: &str) -> Option<FieldRef> {
        let MetricKind::Simple {
            dataset,
            aggregation: crate::Aggregation::Sum,
            expression: Some(of),
            filter: None,
        } = &self.metric(metric)?.kind
        else {
            return None;
        };
        self.dataset(dataset)?
            .fields
            .iter()
            .find(|f| f.expression == *of || *of == crate::Expression::Field(f.name.clone()))
            .map(|f| FieldRef::new(dataset, &f.name))
    }

    /// Leaf datasets that a metric's aggregates run over, sorted and without repeats.
    pub fn home_datasets(&self, metric: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![metric.to_string()];
        let mut seen = std::collections::BTreeSet::new();
        while let Some(name) = open.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let Some(metric) = self.metric(&name) else {
                continue;
            };
            if let MetricKind::Simple { dataset, .. } | MetricKind::BasketAttach { dataset, .. } =
                &metric.kind
            {
                found.push(dataset.clone());
            }
            open.extend(metric.parts().into_iter().map(str::to_string));
        }
        found.sort();
        found.dedup();
        found
    }
}
