//! What the overlay says of the model as a whole.

use super::calendar::{calendars, events, is_date};
use super::document::{CompRule, Conditions, PolicyEntry};
use super::metrics::either;
use crate::draft::Draft;
use crate::sql::{Names, condition};
use crate::{AsOf, ComparableRule, FieldRef, Fiscal, Lexicon, Policy};

/// Everything at the top of the overlay, once datasets and metrics are known.
pub(crate) fn model(draft: &mut Draft) {
    let overlay = draft.overlay.clone();
    draft.model.timezone = overlay.timezone.clone();
    if let Some(day) = overlay.week_start {
        draft.model.week_start = day.number();
    }
    draft.model.fiscal = overlay.fiscal.as_ref().map(|f| Fiscal {
        first_month: f.first_month as u8 + 1,
        named_by: f.named_by,
    });
    if let Some(as_of) = &overlay.as_of {
        if let AsOf::Date(day) = as_of
            && !is_date(day)
        {
            draft.overlay_error(
                "bad_date",
                &["as_of"],
                format!("`{day}` is no date"),
                "write as_of: watermark, or as_of: {date: 2024-12-31}",
            );
        }
        draft.model.as_of = as_of.clone();
    }
    if let Some(code) = &overlay.currency {
        if !super::fields::is_currency(code) {
            draft.overlay_error(
                "bad_currency",
                &["currency"],
                format!("`{code}` is no ISO 4217 code"),
                "write three capitals, such as GBP",
            );
        }
        draft.model.currency = Some(code.clone());
        draft.gaps.currency = false;
    }
    if let Some(stated) = &overlay.default_date_role {
        if let Some(field) = stated {
            exists(draft, &["default_date_role"], field);
        }
        draft.model.default_time = stated.clone();
        draft.gaps.default_time = false;
    }
    if let Some(stated) = &overlay.default_metric {
        if let Some(name) = stated
            && draft.model.metric(name).is_none()
        {
            draft.overlay_error(
                "unknown_metric",
                &["default_metric"],
                format!("there is no metric `{name}`"),
                "name one of the metrics",
            );
        }
        draft.model.default_metric = stated.clone();
        draft.gaps.default_metric = false;
    }
    if let Some(conversion) = &overlay.currency_conversion {
        let mut fields = vec![&conversion.from, &conversion.day, &conversion.rate];
        fields.extend(&conversion.to);
        for field in &fields {
            exists(draft, &["currency_conversion"], field);
        }
        if fields.iter().any(|f| f.dataset != conversion.rate.dataset) {
            draft.overlay_error(
                "bad_conversion",
                &["currency_conversion"],
                "the fields of the rates belong to different datasets",
                "take all of them from the dataset that holds the rates",
            );
        }
        draft.model.currency_conversion = Some(conversion.clone());
    }
    events(draft);
    calendars(draft);
    for (name, rule) in overlay.comp_rules.iter() {
        comp_rule(draft, name, rule);
    }
    for (at, entry) in overlay.policies.iter().enumerate() {
        policy(draft, at, entry);
    }
    lexicon(draft);
    draft.model.verified_queries = overlay.verified_queries.clone();
    if let Some(entities) = overlay.entities {
        draft.gaps.entities = false;
        for entity in &entities {
            for field in [
                Some(&entity.key),
                Some(&entity.display),
                entity.id_field.as_ref(),
            ]
            .into_iter()
            .flatten()
            {
                exists(draft, &["entities"], field);
            }
        }
        draft.model.entities = entities;
    }
}

/// Reports a field that is not there.
fn exists(draft: &mut Draft, path: &[&str], field: &FieldRef) {
    if draft.model.field(field).is_none() {
        draft.overlay_error(
            "unknown_field",
            path,
            format!("there is no field `{field}`"),
            "write dataset.field",
        );
    }
}

fn comp_rule(draft: &mut Draft, name: &str, rule: &CompRule) {
    let path = ["comp_rules", name];
    let store = rule.store.clone().or_else(|| stores(draft));
    let Some(store) = store else {
        draft.overlay_error(
            "comp_rule_incomplete",
            &path,
            "it is not clear which dataset holds the stores",
            "add store: stores.store_id, for instance",
        );
        return;
    };
    let opened = rule.opened.clone().or_else(|| {
        let home = draft.model.dataset(&store.dataset)?;
        let field = home.fields.iter().find(|f| {
            let words: Vec<&str> = f.name.split('_').collect();
            words
                .iter()
                .any(|w| matches!(*w, "open" | "opened" | "opening"))
        })?;
        Some(FieldRef::new(&store.dataset, field.name.as_str()))
    });
    let Some(opened) = opened else {
        draft.overlay_error(
            "comp_rule_incomplete",
            &path,
            format!(
                "it is not clear when the stores of `{}` opened",
                store.dataset
            ),
            "add opened: stores.open_date, for instance",
        );
        return;
    };
    for field in [
        Some(&store),
        Some(&opened),
        rule.closed.as_ref(),
        rule.relocated.as_ref(),
    ]
    .into_iter()
    .flatten()
    {
        exists(draft, &path, field);
        if field.dataset != store.dataset {
            draft.overlay_error(
                "comp_rule_incomplete",
                &path,
                format!(
                    "`{field}` is no field of the stores' dataset `{}`",
                    store.dataset
                ),
                "take all fields of the rule from the dataset of the stores",
            );
        }
    }
    let online_stores = match &rule.online_stores {
        None => None,
        Some(text) => {
            let datasets = draft.model.datasets.clone();
            let read = condition(text, &Names::of(&datasets).within(&store.dataset));
            draft.told(&["comp_rules", name, "online_stores"], read)
        }
    };
    draft.model.comp_rules.push(ComparableRule {
        name: name.to_string(),
        store,
        opened,
        closed: rule.closed.clone(),
        relocated: rule.relocated.clone(),
        min_age: rule.min_age,
        method: rule.method,
        closures: rule.closures,
        relocation: rule.relocation,
        online: rule.online,
        online_stores,
    });
}

/// The key of the dataset whose rows are stores.
fn stores(draft: &Draft) -> Option<FieldRef> {
    let named = |d: &&crate::Dataset| {
        let words: Vec<&str> = d.name.split('_').collect();
        words.iter().any(|w| {
            matches!(
                w.trim_end_matches('s'),
                "store" | "shop" | "branch" | "branche" | "outlet" | "location" | "door"
            )
        })
    };
    let found: Vec<&crate::Dataset> = draft.model.datasets.iter().filter(named).collect();
    match &found[..] {
        [only] => match &only.primary_key[..] {
            [key] => Some(FieldRef::new(&only.name, key.as_str())),
            _ => None,
        },
        _ => None,
    }
}

fn policy(draft: &mut Draft, at: usize, entry: &PolicyEntry) {
    let place = draft
        .tree
        .get("policies")
        .and_then(|p| p.items().get(at))
        .and_then(|n| n.at);
    let datasets = draft.model.datasets.clone();
    let names = Names::of(&datasets);
    let mut out = Policy {
        group: entry.group.clone(),
        ..Policy::default()
    };
    let rows: Vec<_> = match &entry.rows {
        None => Vec::new(),
        Some(Conditions::One(one)) => vec![one.clone()],
        Some(Conditions::Many(many)) => many.clone(),
    };
    let report = |draft: &mut Draft, code, message: String, fix: String| {
        draft.report(
            crate::Problem::error(code, format!("policies/{}", entry.group), message, fix),
            place,
        );
    };
    for condition in &rows {
        match either(condition, &names) {
            Ok(filter) => out.rows.push(filter),
            Err(e) => report(draft, e.code, e.message, e.fix),
        }
    }
    let members = entry.members.clone().unwrap_or_default();
    for member in &members.exclude {
        let field = member
            .parse::<FieldRef>()
            .ok()
            .filter(|f| draft.model.field(f).is_some());
        match field {
            Some(field) => out.hidden_fields.push(field),
            None if draft.model.metric(member).is_some() => {
                out.hidden_metrics.push(member.clone());
            }
            None => report(
                draft,
                "unknown_member",
                format!("`{member}` is neither a field nor a metric"),
                "write dataset.field, or the name of a metric".into(),
            ),
        }
    }
    for member in &members.mask {
        match member
            .parse::<FieldRef>()
            .ok()
            .filter(|f| draft.model.field(f).is_some())
        {
            Some(field) => out.masked_fields.push(field),
            None => report(
                draft,
                "unknown_member",
                format!("`{member}` is no field"),
                "write dataset.field".into(),
            ),
        }
    }
    draft.model.policies.push(out);
}

fn lexicon(draft: &mut Draft) {
    let Some(entry) = draft.overlay.lexicon.clone() else {
        return;
    };
    let datasets = draft.model.datasets.clone();
    let names = Names::of(&datasets);
    let mut out = Lexicon::default();
    for (verb, dataset) in &entry.verbs {
        if draft.model.dataset(dataset).is_none() {
            let fix = crate::sql::suggestion(dataset, datasets.iter().map(|d| d.name.as_str()));
            draft.overlay_error(
                "unknown_dataset",
                &["lexicon", "verbs", verb],
                format!("there is no dataset `{dataset}`"),
                fix,
            );
            continue;
        }
        out.verbs.insert(verb.clone(), dataset.clone());
    }
    for (adjective, text) in &entry.adjectives {
        let read = condition(text, &names);
        if let Some(filter) = draft.told(&["lexicon", "adjectives", adjective], read) {
            out.adjectives.insert(adjective.clone(), filter);
        }
    }
    draft.model.lexicon = out;
}
