//! What the names in an expression stand for.

use super::Inexpressible;
use crate::{Dataset, FieldRef};
use sqlparser::ast::Ident;

/// Whether a name that is no field may be a physical column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Columns {
    /// It may: a field is defined.
    Physical,
    /// It may not.
    None,
}

/// The names that an expression may use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'m> {
    /// Datasets with their fields.
    pub(crate) datasets: &'m [Dataset],
    /// Names of metrics that may be referred to.
    pub(crate) metrics: &'m [String],
    /// Dataset whose fields need no prefix.
    pub(crate) home: Option<&'m str>,
    /// The field that is being defined: its name is that of the column under it.
    pub(crate) own: Option<&'m str>,
    /// What else an unqualified name may be.
    pub(crate) columns: Columns,
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    Field(FieldRef),
    Column(String),
    Metric(String),
}

impl<'m> Names<'m> {
    /// Names of a whole model.
    pub(crate) fn of(datasets: &'m [Dataset]) -> Names<'m> {
        Names {
            datasets,
            metrics: &[],
            home: None,
            own: None,
            columns: Columns::None,
        }
    }

    /// The same, with a dataset whose fields need no prefix.
    pub(crate) fn within(self, home: &'m str) -> Names<'m> {
        Names {
            home: Some(home),
            ..self
        }
    }

    /// The dataset of a name: exactly, else in another case.
    pub(super) fn dataset(&self, name: &str) -> Option<&'m Dataset> {
        let folded = |d: &&Dataset| d.name.eq_ignore_ascii_case(name);
        self.datasets
            .iter()
            .find(|d| d.name == name)
            .or_else(|| self.datasets.iter().find(folded))
    }

    /// What a possibly qualified name stands for.
    pub(super) fn resolve(&self, parts: &[&Ident]) -> Result<Named, Inexpressible> {
        match parts {
            [only] => self.unqualified(&only.value),
            [dataset, field] => self
                .qualified(&dataset.value, &field.value)
                .map(Named::Field),
            _ => {
                let text: Vec<&str> = parts.iter().map(|p| p.value.as_str()).collect();
                Err(Inexpressible::new(
                    "unknown_name",
                    format!("`{}` has more than two parts", text.join(".")),
                    "write dataset.field",
                ))
            }
        }
    }

    /// The same field, if it is there, with the case that its names have.
    pub(crate) fn field(&self, field: &FieldRef) -> Result<FieldRef, Inexpressible> {
        let found = self.qualified(&field.dataset, &field.field)?;
        Ok(FieldRef {
            via: field.via.clone(),
            ..found
        })
    }

    pub(super) fn qualified(&self, dataset: &str, field: &str) -> Result<FieldRef, Inexpressible> {
        let Some(home) = self.dataset(dataset) else {
            return Err(Inexpressible::new(
                "unknown_dataset",
                format!("there is no dataset `{dataset}`"),
                suggestion(dataset, self.datasets.iter().map(|d| d.name.as_str())),
            ));
        };
        let (name, via) = match field.split_once('@') {
            Some((name, via)) => (name, Some(via.to_string())),
            None => (field, None),
        };
        match field_of(home, name) {
            Some(found) => Ok(FieldRef {
                dataset: home.name.clone(),
                field: found,
                via,
            }),
            None => Err(Inexpressible::new(
                "unknown_field",
                format!("the dataset `{}` has no field `{name}`", home.name),
                suggestion(name, home.fields.iter().map(|f| f.name.as_str())),
            )),
        }
    }

    fn unqualified(&self, name: &str) -> Result<Named, Inexpressible> {
        if self.columns == Columns::Physical && self.own == Some(name) {
            return Ok(Named::Column(name.to_string()));
        }
        if let Some(home) = self.home.and_then(|h| self.dataset(h)) {
            let plain = name.split_once('@').map_or(name, |(n, _)| n);
            if home.fields.iter().any(|f| f.name == name) {
                return Ok(Named::Field(FieldRef::new(&home.name, name)));
            }
            if self.columns == Columns::Physical {
                return Ok(Named::Column(name.to_string()));
            }
            if field_of(home, plain).is_some() {
                return self.qualified(&home.name, name).map(Named::Field);
            }
        }
        if let Some(metric) = self
            .metrics
            .iter()
            .find(|m| *m == name)
            .or_else(|| self.metrics.iter().find(|m| m.eq_ignore_ascii_case(name)))
        {
            return Ok(Named::Metric(metric.clone()));
        }
        let owners: Vec<&Dataset> = self
            .datasets
            .iter()
            .filter(|d| field_of(d, name).is_some())
            .collect();
        match &owners[..] {
            [only] if self.home.is_none() => self.qualified(&only.name, name).map(Named::Field),
            [] => {
                let known = self
                    .home
                    .and_then(|h| self.dataset(h))
                    .into_iter()
                    .flat_map(|d| d.fields.iter().map(|f| f.name.as_str()))
                    .chain(self.metrics.iter().map(String::as_str));
                Err(Inexpressible::new(
                    "unknown_name",
                    format!("`{name}` is no field and no metric"),
                    suggestion(name, known),
                ))
            }
            many => Err(Inexpressible::new(
                "ambiguous_name",
                format!(
                    "`{name}` is a field of {}",
                    many.iter()
                        .map(|d| d.name.as_str())
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
                format!("write {}.{name}", many[0].name),
            )),
        }
    }
}

/// The name of a field: exactly, else in another case.
fn field_of(dataset: &Dataset, name: &str) -> Option<String> {
    let folded = |f: &&crate::Field| f.name.eq_ignore_ascii_case(name);
    dataset
        .fields
        .iter()
        .find(|f| f.name == name)
        .or_else(|| dataset.fields.iter().find(folded))
        .map(|f| f.name.clone())
}

/// "did you mean `x`?", or what there is.
pub(crate) fn suggestion<'n>(wanted: &str, known: impl Iterator<Item = &'n str>) -> String {
    let known: Vec<&str> = known.collect();
    if let Some(near) = nearest(wanted, known.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    match &known[..] {
        [] => "nothing is known here".into(),
        few if few.len() <= 12 => format!("known: {}", few.join(", ")),
        many => format!(
            "known: {} and {} more",
            many[..12].join(", "),
            many.len() - 12
        ),
    }
}

/// "did you mean `x`?", or else something to do.
pub(crate) fn or(near: Option<&str>, otherwise: &str) -> String {
    match near {
        Some(near) => format!("did you mean `{near}`? Else {otherwise}"),
        None => otherwise.to_string(),
    }
}

/// The known name that is most likely meant, if any is near.
pub(crate) fn nearest<'n>(wanted: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let folded = wanted.to_lowercase();
    known
        .map(|k| (strsim::jaro_winkler(&folded, &k.to_lowercase()), k))
        .filter(|(likeness, _)| *likeness >= 0.88)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, k)| k)
}
