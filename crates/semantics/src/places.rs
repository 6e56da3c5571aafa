//! Names of countries, states and cities, and what else they are called.

use std::sync::OnceLock;

/// What a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceKind {
    /// A sovereign state.
    Country,
    /// A continent, or a part of the world.
    Continent,
    /// A state of the United States.
    State,
    /// A city.
    City,
}

/// A place by its usual name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What it is.
    pub kind: PlaceKind,
    /// As it is mostly written.
    pub name: &'static str,
    /// Adjectives, codes and nicknames.
    pub others: Vec<&'static str>,
}

/// Places that people know by name; the list is not complete.
pub fn places() -> &'static [Place] {
    static READ: OnceLock<Vec<Place>> = OnceLock::new();
    READ.get_or_init(|| {
        include_str!("../lexicon/places.tsv")
            .lines()
            .filter(|l| !l.starts_with('#'))
            .filter_map(|line| {
                let mut cells = line.split('\t').map(str::trim);
                let kind = match cells.next()? {
                    "country" => PlaceKind::Country,
                    "continent" => PlaceKind::Continent,
                    "state" => PlaceKind::State,
                    "city" => PlaceKind::City,
                    _ => return None,
                };
                Some(Place {
                    kind,
                    name: cells.next()?,
                    others: cells.next()?.split(" | ").collect(),
                })
            })
            .collect()
    })
}

/// The kind of place that most of some values name: states by name or postal code, countries by name.
/// None where they are too few to tell, or are something else.
pub(crate) fn kind_of(values: &[String]) -> Option<PlaceKind> {
    // Fewer may be names of people ("Virginia", "Georgia", "Jordan").
    const FEWEST: usize = 4;
    let named = |kind: PlaceKind| {
        values
            .iter()
            .filter(|value| {
                places().iter().filter(|p| p.kind == kind).any(|p| {
                    p.name.eq_ignore_ascii_case(value)
                        || p.others
                            .iter()
                            .any(|o| o == value || o.len() > 3 && o.eq_ignore_ascii_case(value))
                })
            })
            .count()
    };
    [PlaceKind::State, PlaceKind::Country]
        .into_iter()
        .find(|kind| {
            let found = named(*kind);
            found >= FEWEST && found * 10 >= values.len() * 8
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_tell_states_and_countries() {
        let cases: &[(&[&str], Option<PlaceKind>)] = &[
            (
                &["Ohio", "Texas", "New York", "Maine", "Utah"],
                Some(PlaceKind::State),
            ),
            (&["OH", "TX", "NY", "ME"], Some(PlaceKind::State)),
            (
                &["Germany", "France", "United Kingdom", "Spain", "Atlantis"],
                Some(PlaceKind::Country),
            ),
            (&["Virginia", "Georgia", "Anna", "Carla", "Paula"], None),
            (&["Ohio", "Texas"], None),
            (&["North", "South", "East", "West"], None),
        ];
        for (values, kind) in cases {
            let values: Vec<String> = values.iter().map(|v| (*v).to_string()).collect();
            assert_eq!(kind_of(&values), *kind, "{values:?}");
        }
    }
}
