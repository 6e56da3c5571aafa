//! Names, types and roles of the columns that dimensions have.

use super::Compiler;
use crate::{Dimension, Grain, Origin, OutputColumn, OutputRole, Query};
use semantics::{DataType, FieldRef, Role};

/// The type of a period.
pub(super) fn grain_type(grain: Grain) -> DataType {
    match grain {
        Grain::Hour => DataType::Timestamp,
        Grain::Weekday => DataType::Text,
        g if g.is_cyclic() => DataType::Integer,
        _ => DataType::Date,
    }
}

/// A grain as a column heading.
pub(super) fn grain_label(grain: Grain) -> &'static str {
    match grain {
        Grain::Hour => "Hour",
        Grain::Day => "Day",
        Grain::Week => "Week",
        Grain::Month => "Month",
        Grain::Quarter => "Quarter",
        Grain::Year => "Year",
        Grain::HourOfDay => "Hour of day",
        Grain::Weekday => "Weekday",
        Grain::MonthOfYear => "Month of year",
        Grain::QuarterOfYear => "Quarter of year",
        Grain::WeekOfYear => "Week of year",
    }
}

/// What a field's column is to the reader.
pub(super) fn role_of(role: Role) -> OutputRole {
    match role {
        Role::Id => OutputRole::Id,
        Role::Dimension => OutputRole::Dimension,
        Role::Measure => OutputRole::Measure,
        Role::Time => OutputRole::Time,
        Role::Text => OutputRole::Text,
    }
}

impl Compiler<'_> {
    /// The type of a dimension's values.
    pub(super) fn dimension_type(&self, dimension: &Dimension) -> DataType {
        match dimension {
            Dimension::Field(f) => self.model.field(f).map_or(DataType::Text, |f| f.data_type),
            Dimension::Time(grain) | Dimension::TimeOf { grain, .. } => grain_type(*grain),
            Dimension::Bucket { measure, .. } => self.shape(measure).data_type,
            Dimension::NewOrReturning { .. } => DataType::Text,
            Dimension::Band { of, by, .. } => self.band_type(of, by),
        }
    }

    /// A column heading that is not taken: with the role or the dataset of the field, or a number,
    /// where it has to be told apart.
    pub(super) fn free_name(
        &self,
        name: String,
        field: Option<&FieldRef>,
        columns: &[OutputColumn],
    ) -> String {
        let role = field.and_then(|f| {
            let via = f.via.as_ref()?;
            let relationship = self.model.relationships.iter().find(|r| r.name == *via)?;
            Some(relationship.role.as_ref().unwrap_or(via))
        });
        let dataset = field.and_then(|f| self.model.dataset(&f.dataset));
        let apart = |by: &String| format!("{name} ({by})");
        let numbered = (2..).map(|n| format!("{name} {n}"));
        std::iter::once(name.clone())
            .chain(role.map(apart))
            .chain(dataset.map(|d| apart(&d.label)))
            .chain(numbered)
            .find(|name| columns.iter().all(|c| c.name != *name))
            .unwrap_or_default()
    }

    pub(super) fn dimension_columns(&self, query: &Query) -> Vec<OutputColumn> {
        let mut columns: Vec<OutputColumn> = Vec::new();
        for (i, dimension) in query.dimensions.iter().enumerate() {
            let (mut name, role, grain) = match dimension {
                Dimension::Field(f) => match self.model.field(f) {
                    Some(known) => (
                        known.label.clone(),
                        role_of(if known.role == Role::Measure {
                            Role::Dimension
                        } else {
                            known.role
                        }),
                        None,
                    ),
                    None => (f.field.clone(), OutputRole::Dimension, None),
                },
                Dimension::Time(grain) | Dimension::TimeOf { grain, .. } => (
                    grain_label(*grain).to_string(),
                    OutputRole::Time,
                    Some(*grain),
                ),
                Dimension::Bucket { name, .. }
                | Dimension::NewOrReturning { name, .. }
                | Dimension::Band { name, .. } => (name.clone(), OutputRole::Dimension, None),
            };
            name = match dimension {
                Dimension::Field(f) | Dimension::TimeOf { field: f, .. } => {
                    self.free_name(name, Some(f), &columns)
                }
                _ => self.free_name(name, None, &columns),
            };
            columns.push(OutputColumn {
                name,
                data_type: self.dimension_type(dimension),
                unit: None,
                role,
                grain,
                origin: Origin::Dimension(i),
            });
        }
        columns
    }
}
