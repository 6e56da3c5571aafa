//! Whether fields are known and in reach, and fit where they stand: groups and filters.

use super::*;

impl Reasons<'_> {
    pub(super) fn known(&mut self, field: &FieldRef) -> bool {
        let known = self.model.field(field).is_some()
            && field
                .via
                .as_ref()
                .is_none_or(|via| self.model.relationships.iter().any(|r| &r.name == via));
        if self.model.field(field).is_none() {
            self.add(FIELD);
        }
        known
    }

    /// Adds why a field cannot be reached; says whether it can many-to-one.
    pub(super) fn way(&mut self, home: &str, field: &FieldRef) -> Option<Reach> {
        if self.model.field(field).is_none() || self.model.dataset(home).is_none() {
            self.add(FIELD);
            return None;
        }
        match reach(self.model, home, field) {
            Ok(way) => {
                match &way {
                    Reach::Direct(steps) => self.versions(home, steps),
                    Reach::Linked(link, onward) => {
                        self.counted(&link.dataset);
                        self.versions(home, &link.outer);
                        self.versions(&link.dataset, &link.inner);
                        self.versions_on_the_way(&link.dataset, onward);
                    }
                }
                Some(way)
            }
            Err(codes) => {
                self.codes.extend(codes);
                None
            }
        }
    }

    /// Whether it is clear which rows of a dataset count by default.
    pub(super) fn counted(&mut self, home: &str) {
        let is_fact = |name: &str| self.model.dataset(name).is_some_and(|d| d.is_fact);
        let unclear = self.model.datasets.iter().any(|d| {
            let line = d.name != home && d.is_fact && is_fact(home);
            line && !d.default_filters.is_empty()
                && !self.unfiltered.contains(&d.name)
                && ways(self.model, home, &FieldRef::new(&d.name, "")).len() > 1
        });
        if unclear {
            self.add("E_AMBIGUOUS_PATH");
        }
        let filtered = self.model.datasets.iter().filter(|d| {
            let line = d.name != home && d.is_fact && is_fact(home);
            line && !d.default_filters.is_empty() && !self.unfiltered.contains(&d.name)
        });
        let filtered: Vec<FieldRef> = filtered.map(|d| FieldRef::new(&d.name, "")).collect();
        for of in filtered {
            self.versions_on_the_way(home, &of);
        }
    }

    /// Whether it is clear which versions a way leads to.
    fn versions(&mut self, home: &str, way: &[usize]) {
        if !self.current {
            self.codes.extend(unclear_versions(self.model, home, way));
        }
    }

    /// The same of the way to a field, if there is one.
    pub(super) fn versions_on_the_way(&mut self, home: &str, field: &FieldRef) {
        if let [way] = &ways(self.model, home, field)[..] {
            self.versions(home, way);
        }
    }

    pub(super) fn direct(&mut self, home: &str, field: &FieldRef) {
        if self.model.field(field).is_none() || self.model.dataset(home).is_none() {
            self.add(FIELD);
            return;
        }
        match ways(self.model, home, field).len() {
            0 => self.add(NO_PATH),
            1 => self.versions_on_the_way(home, field),
            _ => self.add("E_AMBIGUOUS_PATH"),
        }
    }

    pub(super) fn range(&mut self, range: &DateRange) {
        for day in [&range.start, &range.end].into_iter().flatten() {
            if calendar::parse_day(day).is_none() {
                self.add(MALFORMED);
            }
        }
    }
    pub(super) fn dimension(&mut self, dimension: &Dimension) {
        match dimension {
            Dimension::Field(field) => {
                self.known(field);
            }
            Dimension::TimeOf { field, grain } => {
                self.known(field);
                self.temporal(field);
                self.fine_enough(field, *grain);
            }
            Dimension::Time(_) => {}
            Dimension::Bucket { per, .. } => {
                self.known(per);
            }
            Dimension::NewOrReturning {
                entity,
                event,
                grain,
                ..
            } => {
                self.known(entity);
                self.known(event);
                self.temporal(event);
                if grain.is_some_and(Grain::is_cyclic) {
                    self.add(MALFORMED);
                }
            }
            Dimension::Band { of, by, .. } => self.band(of, by),
        }
    }

    /// Days have no hours.
    pub(super) fn fine_enough(&mut self, field: &FieldRef, grain: Grain) {
        if matches!(grain, Grain::Hour | Grain::HourOfDay)
            && self
                .model
                .field(field)
                .is_some_and(|f| f.data_type == DataType::Date)
        {
            self.add("E_TIME_TOO_COARSE");
        }
    }

    pub(super) fn temporal(&mut self, field: &FieldRef) {
        if let Some(found) = self.model.field(field)
            && !found.data_type.is_temporal()
        {
            self.add(MALFORMED);
        }
    }

    pub(super) fn filter_fields(&mut self, filter: &Filter) {
        match filter {
            Filter::And(all) | Filter::Or(all) => all.iter().for_each(|f| self.filter_fields(f)),
            Filter::Not(inner) => self.filter_fields(inner),
            Filter::Members { field, query } => {
                self.known(field);
                self.query(query);
            }
            Filter::CompareQuery { field, query, .. } => {
                if self.known(field) {
                    self.scalar(query, of_field(self.model, field));
                }
            }
            Filter::Compare { field, .. }
            | Filter::In { field, .. }
            | Filter::Contains { field, .. }
            | Filter::IsNull { field } => {
                self.known(field);
            }
            Filter::During { field, range } => {
                self.known(field);
                self.temporal(field);
                self.range(range);
            }
            Filter::Cycle { field, grain, .. } => {
                self.known(field);
                self.temporal(field);
                if !grain.is_cyclic() {
                    self.add(MALFORMED);
                }
            }
            Filter::CompareFields { left, right, .. } => {
                self.known(left);
                self.known(right);
            }
        }
    }

    /// Whether the rows of a dataset can be filtered so.
    pub(super) fn filter(&mut self, home: &str, filter: &Filter) {
        match filter {
            Filter::And(all) | Filter::Or(all) => all.iter().for_each(|f| self.filter(home, f)),
            Filter::Not(inner) => self.filter(home, inner),
            Filter::Compare { field, .. }
            | Filter::In { field, .. }
            | Filter::Contains { field, .. }
            | Filter::IsNull { field }
            | Filter::During { field, .. }
            | Filter::Cycle { field, .. }
            | Filter::CompareQuery { field, .. }
            | Filter::Members { field, .. } => {
                self.way(home, field);
            }
            Filter::CompareFields { left, right, .. } => {
                let ways = [self.way(home, left), self.way(home, right)];
                for way in ways.into_iter().flatten() {
                    if let Reach::Linked(link, _) = way {
                        // Both are read from the linked row.
                        self.direct(&link.dataset, &onward(self.model, &link, left));
                        self.direct(&link.dataset, &onward(self.model, &link, right));
                    }
                }
            }
        }
    }
}
