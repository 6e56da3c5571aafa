//! Like for like where the data tells when stores opened: those that are a year old when the earlier
//! period begins.

use crate::calendar::TimeUnit;
use crate::{
    Closures, ComparableMethod, ComparableRule, Dataset, FieldRef, Length, Membership, Model,
};

/// Months that a store has to be open before the earlier period begins (retailers count 12 to 14).
const MATURE: u32 = 12;

/// One policy, if exactly one table of stores has a day of opening and facts refer to it.
pub(super) fn add(model: &mut Model) {
    let stores: Vec<ComparableRule> = model
        .datasets
        .iter()
        .filter(|d| !d.is_fact && model.relationships.iter().any(|r| r.to == d.name))
        .filter_map(rule)
        .collect();
    if let [rule] = &stores[..] {
        model.comp_rules.push(rule.clone());
    }
}

fn rule(dataset: &Dataset) -> Option<ComparableRule> {
    let [key] = &dataset.primary_key[..] else {
        return None;
    };
    let place = ["store", "shop", "branch", "outlet", "site"]
        .iter()
        .any(|w| dataset.entity.split(' ').any(|e| e == *w));
    let day = |stems: &[&str]| {
        dataset.fields.iter().find(|f| {
            f.data_type.is_temporal()
                && f.name
                    .split('_')
                    .any(|w| stems.iter().any(|s| w.starts_with(s)))
        })
    };
    let opened = day(&["open", "launch"]).filter(|_| place)?;
    let named = |name: &str| FieldRef::new(&dataset.name, name);
    Some(ComparableRule {
        name: "like_for_like".into(),
        store: named(key),
        opened: named(&opened.name),
        closed: day(&["clos"]).map(|f| named(&f.name)),
        relocated: None,
        min_age: Length {
            count: MATURE,
            unit: TimeUnit::Month,
        },
        method: ComparableMethod::default(),
        closures: Closures::default(),
        relocation: Membership::Keep,
        online: Membership::Keep,
        online_stores: None,
    })
}
