//! The sentences: headline first, then what stands behind it.

use super::Finding;
use super::completeness::is_whole;
use super::table::Table;
use super::wording;
use super::writer::{At, Writer};
use answer::Narrative;
use query::{Direction, Measure, Part, Query};
use semantics::{Additivity, Aggregation, Model};
use serde_json::{Value, json};

/// Writes the narrative of a finding.
pub(super) fn narrate(finding: &Finding) -> Narrative {
    let mut writer = Writer::default();
    let own = Table::new("result", finding.result, finding.query).described(finding.columns);
    let talk = Talk {
        finding,
        query: finding.query,
    };
    if own.rows.is_empty() {
        talk.nothing(&mut writer);
    } else if own.measures.is_empty() {
        talk.list(&mut writer, &own);
    } else if own.dimensions.is_empty() {
        talk.point(&mut writer, &own);
    } else if own.running().is_some() && own.dimensions.len() == 1 && own.rows.len() > 1 {
        talk.trend(&mut writer, &own);
    } else {
        let behind = behind(finding);
        let base = behind
            .as_ref()
            .map(|(query, table)| (Talk { finding, query }, table));
        match &base {
            Some((wider, table)) => wider.groups(&mut writer, &own, table, finding.query),
            None => talk.groups(&mut writer, &own, &own, finding.query),
        }
    }
    let told = writer.finish();
    if !told.text.is_empty() {
        return told;
    }
    // Nothing to compare: say how many rows there are.
    let mut writer = Writer::default();
    talk.list(&mut writer, &own);
    writer.finish()
}

/// The ranking behind a singular answer: the last step whose rows contain the result's.
fn behind<'a>(finding: &'a Finding<'a>) -> Option<(Query, Table<'a>)> {
    let step = finding.steps.iter().rev().find(|s| {
        s.result.as_ref().is_some_and(|r| {
            r.row_count > finding.result.row_count && r.columns == finding.result.columns
        })
    })?;
    let query: Query = serde_json::from_value(step.query.clone()).ok()?;
    let table = Table::new(&step.id, step.result.as_ref()?, &query).described(finding.columns);
    Some((query, table))
}

struct Talk<'a> {
    finding: &'a Finding<'a>,
    query: &'a Query,
}

impl Talk<'_> {
    fn unit<'t>(&self, table: &'t Table, column: usize) -> Option<&'t str> {
        table.columns[column].unit.as_deref()
    }

    fn write_value(&self, w: &mut Writer, table: &Table, row: usize, column: usize) {
        let Some(x) = table.number(row, column) else {
            return;
        };
        let whole = table.columns[column].data_type == "integer";
        let difference = table
            .measures
            .iter()
            .any(|m| m.2 == column && m.1 == Part::Delta);
        let text = match self.unit(table, column) {
            Some("fraction") if difference => wording::points(x),
            unit => wording::value(x, unit, whole),
        };
        w.cell(&text, x, &table.at(row, column));
    }

    /// " for West in Q3 2024", each part a claim.
    fn scope(&self, w: &mut Writer, period: bool) {
        let (lists, others) = wording::filter_values(self.finding.query);
        for list in lists {
            w.say(" for ");
            for (i, value) in list.iter().enumerate() {
                if i > 0 {
                    w.say(if i + 1 == list.len() { " and " } else { ", " });
                }
                w.formula(
                    &wording::name(value),
                    value.clone(),
                    "filter_value",
                    vec![json!(value)],
                );
            }
        }
        if others {
            w.say(" under the stated conditions");
        }
        if period
            && let Some(range) = self
                .finding
                .query
                .time
                .as_ref()
                .and_then(|t| t.range.as_ref())
            && let Some(words) = wording::during(range)
        {
            w.say(" ");
            w.formula(
                &words,
                json!({"start": range.start, "end": range.end}),
                "period",
                vec![json!(range.start), json!(range.end)],
            );
        }
    }

    fn nothing(&self, w: &mut Writer) {
        w.formula("No rows", 0, "count_rows", vec![json!("result")])
            .say(" match");
        self.scope(w, true);
        w.stop();
    }

    fn list(&self, w: &mut Writer, own: &Table) {
        let n = own.rows.len();
        let capped = own.truncated || self.query.limit.is_some_and(|l| n >= l as usize);
        let verb = if capped {
            " are shown"
        } else if n == 1 {
            " matches"
        } else {
            " match"
        };
        let noun = if n == 1 { " row" } else { " rows" };
        w.formula(
            &wording::value(n as f64, None, true),
            n,
            "count_rows",
            vec![json!("result")],
        )
        .say(noun)
        .say(verb);
        self.scope(w, true);
        w.stop();
    }

    fn point(&self, w: &mut Writer, own: &Table) {
        let mut first = true;
        for (term, part, column) in &own.measures {
            let name = &self.query.metrics[*term].name;
            match part {
                Part::Value => {}
                _ if own.column(*term, Part::Value).is_some() => continue,
                _ => {}
            }
            let change = own
                .column(*term, Part::Pct)
                .and_then(|c| Some((c, own.number(0, c)?)));
            let prior = own
                .column(*term, Part::Prior)
                .filter(|c| own.number(0, *c).is_some());
            let Some(x) = own.number(0, *column) else {
                w.say("There is no value of ").say(name);
                self.scope(w, first);
                w.stop();
                first = false;
                continue;
            };
            match (change, part) {
                (Some((pct, change)), Part::Value) => {
                    w.say(name).say(" ");
                    self.verb(w, change, &own.at(0, pct));
                    if change != 0.0 {
                        w.say(" by ").cell(
                            &wording::percent(change.abs(), false),
                            change,
                            &own.at(0, pct),
                        );
                    }
                    self.scope(w, first);
                    if let Some(prior) = prior {
                        w.say(", from ");
                        self.write_value(w, own, 0, prior);
                        self.versus(w, " in ", "");
                        w.say(" to ");
                        self.write_value(w, own, 0, *column);
                    } else {
                        w.say(" to ");
                        self.write_value(w, own, 0, *column);
                        self.versus(w, ", compared with ", "");
                    }
                    let _ = x;
                }
                (_, Part::Pct) => {
                    w.say("The change in ").say(name);
                    self.scope(w, first);
                    w.say(" was ")
                        .cell(&wording::percent(x, true), x, &own.at(0, *column));
                    self.versus(w, " against ", "");
                }
                (_, Part::Delta) => {
                    w.say("The change in ").say(name);
                    self.scope(w, first);
                    w.say(" was ");
                    self.write_value(w, own, 0, *column);
                    self.versus(w, " against ", "");
                }
                (_, Part::Value) => {
                    w.say(name);
                    self.scope(w, first);
                    w.say(" came to ");
                    self.write_value(w, own, 0, *column);
                    if let Some(share) = own
                        .column(*term, Part::Share)
                        .filter(|c| own.number(0, *c).is_some())
                    {
                        w.say(", ");
                        self.write_value(w, own, 0, share);
                        w.say(" of the total");
                    }
                    if let Some(prior) = prior {
                        w.say(", against ");
                        self.write_value(w, own, 0, prior);
                        self.versus(w, " in ", "");
                    }
                }
                _ => {
                    w.say(&own.columns[*column].name);
                    self.scope(w, first);
                    w.say(" came to ");
                    self.write_value(w, own, 0, *column);
                }
            }
            w.stop();
            first = false;
        }
    }

    fn verb(&self, w: &mut Writer, change: f64, at: &At) {
        let word = if change > 0.0 {
            "rose"
        } else if change < 0.0 {
            "fell"
        } else {
            "did not change"
        };
        w.formula(
            word,
            change.signum() * f64::from(u8::from(change != 0.0)),
            "direction",
            vec![at.json()],
        );
    }

    /// The other period, after its preposition.
    fn versus(&self, w: &mut Writer, before: &str, after: &str) {
        if let Some(words) = wording::against(self.finding.query) {
            let named = words.chars().any(|c| c.is_ascii_digit());
            w.say(if named || !before.contains("in") {
                before
            } else {
                " "
            });
            w.formula(&words, words.clone(), "period", vec![json!("compare")])
                .say(after);
        }
    }

    fn trend(&self, w: &mut Writer, own: &Table) {
        let Some(time) = own.running() else { return };
        let Some(&(term, part, column)) = own.measures.first() else {
            return;
        };
        let name = if part == Part::Value {
            &self.query.metrics[term].name
        } else {
            &own.columns[column].name
        };
        let filled: Vec<(usize, f64)> = (0..own.rows.len())
            .filter(|&r| own.rows[r].get(time).is_some_and(|c| !c.is_null()))
            .filter_map(|r| Some((r, own.number(r, column)?)))
            .collect();
        let mut in_time = filled.clone();
        in_time.sort_by_key(|(r, _)| {
            own.rows[*r]
                .get(time)
                .and_then(|c| c.as_str())
                .unwrap_or("")
                .to_string()
        });
        // A period that the data cuts off would look like a fall.
        let grain = own.columns[time].grain.clone().unwrap_or_default();
        let whole: Vec<(usize, f64)> = in_time
            .iter()
            .copied()
            .filter(|(r, _)| {
                let start = own.rows[*r].get(time).and_then(|c| c.as_str());
                start.is_none_or(|s| is_whole(s, &grain, self.query, self.finding.model))
            })
            .collect();
        if whole.len() > 1 && self.sums_up(term) {
            in_time = whole;
        }
        let (Some(&(first, a)), Some(&(last, b))) = (in_time.first(), in_time.last()) else {
            return;
        };
        if first == last {
            return;
        }
        w.say(name);
        self.scope(w, false);
        let inputs = vec![own.at(first, column).json(), own.at(last, column).json()];
        let word = if b > a {
            "rose"
        } else if b < a {
            "fell"
        } else {
            "ended where it began,"
        };
        w.say(" ").formula(
            word,
            (b - a).signum() * f64::from(u8::from(a != b)),
            "direction",
            inputs.clone(),
        );
        w.say(" from ");
        self.write_value(w, own, first, column);
        self.when(w, own, first, time);
        w.say(" to ");
        self.write_value(w, own, last, column);
        self.when(w, own, last, time);
        if a > 0.0 && a != b && self.unit(own, column) != Some("fraction") {
            let change = (b - a) / a;
            w.say(", a change of ").formula(
                &wording::percent(change, true),
                change,
                "percent_change",
                inputs,
            );
        }
        w.stop();
        if filled.len() > 2 {
            let ranked = own.ranked(column, true);
            if let (Some(&(top, high)), Some(&(bottom, low))) = (ranked.first(), ranked.last())
                && high != low
            {
                w.say("The ");
                w.formula("highest", 1, "rank", vec![own.at(top, column).json()]);
                w.say(" value was ");
                self.write_value(w, own, top, column);
                self.when(w, own, top, time);
                w.say(", the ");
                w.formula(
                    "lowest",
                    ranked.len(),
                    "rank",
                    vec![own.at(bottom, column).json()],
                );
                w.say(" ");
                self.write_value(w, own, bottom, column);
                self.when(w, own, bottom, time);
                w.stop();
            }
        }
        self.total(w, own, term, part, column);
    }

    fn when(&self, w: &mut Writer, table: &Table, row: usize, time: usize) {
        let grain = table.columns[time].grain.as_deref().unwrap_or("day");
        w.say(if grain == "day" || grain == "hour" {
            " on "
        } else {
            " in "
        });
        let cell = table.rows[row]
            .get(time)
            .cloned()
            .unwrap_or(answer::Cell::Null);
        w.cell(
            &table.label(row, time),
            cell.as_str().unwrap_or("").to_string(),
            &table.at(row, time),
        );
    }

    fn total(&self, w: &mut Writer, table: &Table, term: usize, part: Part, column: usize) {
        if part != Part::Value || !self.sums_up(term) || !complete(self.query, table) {
            return;
        }
        let inputs: Vec<Value> = (0..table.rows.len())
            .filter(|r| table.number(*r, column).is_some())
            .map(|r| table.at(r, column).json())
            .collect();
        if inputs.len() < 2 {
            return;
        }
        let sum: f64 = (0..table.rows.len())
            .filter_map(|r| table.number(r, column))
            .sum();
        let whole = table.columns[column].data_type == "integer";
        w.say("The total of all ");
        w.formula(
            &table.rows.len().to_string(),
            table.rows.len(),
            "count_rows",
            vec![json!(table.step)],
        );
        w.say(" rows is ").formula(
            &wording::value(sum, self.unit(table, column), whole),
            sum,
            "sum",
            inputs,
        );
        w.stop();
    }

    fn sums_up(&self, term: usize) -> bool {
        self.query
            .metrics
            .get(term)
            .is_some_and(|t| additive(&t.measure, self.finding.model))
    }

    /// The group of a row: its names, then its period.
    fn group(&self, w: &mut Writer, table: &Table, row: usize) {
        let running = table.running();
        let mut first = true;
        for column in table.naming().into_iter().filter(|c| Some(*c) != running) {
            if !first {
                w.say(" / ");
            }
            first = false;
            let cell = table.rows[row]
                .get(column)
                .cloned()
                .unwrap_or(answer::Cell::Null);
            let value = serde_json::to_value(&cell).unwrap_or(Value::Null);
            w.cell(&table.label(row, column), value, &table.at(row, column));
        }
        if let Some(time) = running {
            if first {
                let cell = table.rows[row]
                    .get(time)
                    .cloned()
                    .unwrap_or(answer::Cell::Null);
                w.cell(
                    &table.label(row, time),
                    cell.as_str().unwrap_or("").to_string(),
                    &table.at(row, time),
                );
            } else {
                self.when(w, table, row, time);
            }
        }
    }

    fn groups(&self, w: &mut Writer, own: &Table, base: &Table, asked: &Query) {
        let rank = asked.rank.as_ref();
        let order = asked.order.first().and_then(|o| match o.key {
            query::OrderKey::Metric(term, part) => Some((term, part, o.direction)),
            _ => None,
        });
        let (term, part, direction) = match (rank, order) {
            (Some(rank), _) => (rank.by, rank.on, rank.direction),
            (None, Some(order)) => order,
            (None, None) => {
                let &(term, part, _) = match own
                    .measures
                    .iter()
                    .find(|m| m.1 == Part::Pct)
                    .or(own.measures.first())
                {
                    Some(found) => found,
                    None => return,
                };
                (term, part, Direction::Descending)
            }
        };
        let Some(column) = base
            .column(term, part)
            .or_else(|| base.measures.first().map(|m| m.2))
        else {
            return;
        };
        let descending = direction == Direction::Descending;
        let ranked = base.ranked(column, descending);
        let grouped_rank = rank.is_some_and(|r| !r.per.is_empty());
        if ranked.is_empty() {
            w.say("There is no value of ")
                .say(&self.query.metrics[term].name);
            self.scope(w, true);
            w.stop();
            return;
        }
        if let Some(rank) = rank.filter(|r| !r.per.is_empty() && ranked.len() > 1) {
            // The first of each group, for some of them; the rows have the rest.
            let mut seen: Vec<Vec<String>> = Vec::new();
            for (row, _) in own.ranked(column, descending) {
                let group: Vec<String> = rank
                    .per
                    .iter()
                    .filter_map(|d| own.dimensions.get(*d))
                    .map(|c| own.label(row, *c))
                    .collect();
                if seen.len() < 3 && !seen.contains(&group) {
                    self.one(w, own, row, term, part);
                    seen.push(group);
                }
            }
            return;
        }
        if grouped_rank || ranked.len() == 1 {
            self.one(
                w,
                own,
                own.ranked(column, descending).first().map_or(0, |r| r.0),
                term,
                part,
            );
            return;
        }
        let skip = rank.map_or(0, |r| r.skip as usize);
        let place = if rank.is_some_and(|r| r.n == 1) && ranked.len() > skip {
            skip
        } else {
            0
        };
        let best = ranked[place].1;
        let tied: Vec<usize> = ranked.iter().filter(|r| r.1 == best).map(|r| r.0).collect();
        let what = if part == Part::Value {
            self.query.metrics[term].name.clone()
        } else {
            base.columns[column].name.clone()
        };
        if tied.len() > 1 {
            self.tie(w, base, &tied, column, &what, descending, place);
        } else if part == Part::Pct {
            self.growth(w, base, ranked[place], place, term, column, descending);
        } else {
            self.group(w, base, ranked[place].0);
            if place == 0 {
                w.say(" had the ");
                w.formula(
                    if descending { "highest" } else { "lowest" },
                    1,
                    "rank",
                    vec![base.at(ranked[0].0, column).json()],
                );
                w.say(" ").say(&what);
            } else {
                w.say(" came ").formula(
                    &ordinal(place + 1),
                    place + 1,
                    "rank",
                    vec![base.at(ranked[place].0, column).json()],
                );
                w.say(if descending {
                    " by "
                } else {
                    " from the bottom by "
                })
                .say(&what);
            }
            self.scope(w, true);
            w.say(": ");
            self.write_value(w, base, ranked[place].0, column);
            w.stop();
        }
        if tied.len() == 1 && place == 0 {
            self.followers(w, base, &ranked, column, descending);
        } else if place > 0 && tied.len() == 1 {
            self.group(w, base, ranked[0].0);
            w.say(" came ").formula(
                "first",
                1,
                "rank",
                vec![base.at(ranked[0].0, column).json()],
            );
            w.say(" with ");
            self.write_signed(w, base, ranked[0].0, column, part);
            w.stop();
        }
        if part == Part::Pct {
            self.level_leader(w, base, term, ranked[0].0);
        } else if part == Part::Value && descending && place == 0 && tied.len() == 1 {
            self.leader_share(w, base, &ranked, term, column);
        }
    }

    fn write_signed(&self, w: &mut Writer, table: &Table, row: usize, column: usize, part: Part) {
        match (part, table.number(row, column)) {
            (Part::Pct, Some(x)) => {
                w.cell(&wording::percent(x, true), x, &table.at(row, column));
            }
            _ => self.write_value(w, table, row, column),
        }
    }

    /// A single group without others to compare it with.
    fn one(&self, w: &mut Writer, own: &Table, row: usize, term: usize, part: Part) {
        let Some(column) = own
            .column(term, part)
            .or_else(|| own.measures.first().map(|m| m.2))
        else {
            return;
        };
        let what = if part == Part::Value {
            self.query.metrics[term].name.clone()
        } else {
            own.columns[column].name.clone()
        };
        w.say(&what);
        self.scope(w, true);
        w.say(" came to ");
        self.write_signed(w, own, row, column, part);
        w.say(" for ");
        self.group(w, own, row);
        w.stop();
    }

    #[expect(clippy::too_many_arguments, reason = "one headline needs all of them")]
    fn tie(
        &self,
        w: &mut Writer,
        base: &Table,
        tied: &[usize],
        column: usize,
        what: &str,
        descending: bool,
        place: usize,
    ) {
        if place > 0 || tied.len() > 4 {
            w.formula(
                &tied.len().to_string(),
                tied.len(),
                "count_rows",
                tied.iter().map(|r| base.at(*r, column).json()).collect(),
            );
            w.say(" groups share the value ");
            self.write_value(w, base, tied[0], column);
            w.stop();
            return;
        }
        for (i, row) in tied.iter().enumerate() {
            if i > 0 {
                w.say(if i + 1 == tied.len() { " and " } else { ", " });
            }
            self.group(w, base, *row);
        }
        w.say(" tie for the ");
        w.formula(
            if descending { "highest" } else { "lowest" },
            1,
            "rank",
            tied.iter().map(|r| base.at(*r, column).json()).collect(),
        );
        w.say(" ").say(what);
        self.scope(w, true);
        w.say(": ");
        self.write_value(w, base, tied[0], column);
        w.say(" each");
        w.stop();
    }

    #[expect(clippy::too_many_arguments, reason = "one headline needs all of them")]
    fn growth(
        &self,
        w: &mut Writer,
        base: &Table,
        (row, change): (usize, f64),
        place: usize,
        term: usize,
        column: usize,
        descending: bool,
    ) {
        let name = &self.query.metrics[term].name;
        self.group(w, base, row);
        let at = base.at(row, column);
        if place == 0 {
            w.say(" had the ").formula(
                if descending { "highest" } else { "lowest" },
                1,
                "rank",
                vec![at.json()],
            );
        } else {
            w.say(" came ")
                .formula(&ordinal(place + 1), place + 1, "rank", vec![at.json()]);
            w.say(if descending {
                " by"
            } else {
                " from the bottom by"
            });
        }
        w.say(" growth in ").say(name);
        self.scope(w, true);
        w.say(": ")
            .cell(&wording::percent(change, true), change, &at);
        self.versus(w, " against ", "");
        let (value, prior) = (
            base.column(term, Part::Value),
            base.column(term, Part::Prior),
        );
        if let (Some(value), Some(prior)) = (value, prior)
            && base.number(row, prior).is_some()
            && base.number(row, value).is_some()
        {
            w.say(", from ");
            self.write_value(w, base, row, prior);
            w.say(" to ");
            self.write_value(w, base, row, value);
        }
        w.stop();
    }

    fn followers(
        &self,
        w: &mut Writer,
        base: &Table,
        ranked: &[(usize, f64)],
        column: usize,
        descending: bool,
    ) {
        let part = base
            .measures
            .iter()
            .find(|m| m.2 == column)
            .map_or(Part::Value, |m| m.1);
        let mut said = false;
        let unique = |i: usize| ranked.iter().filter(|r| r.1 == ranked[i].1).count() == 1;
        if ranked.len() > 1 && unique(1) {
            self.group(w, base, ranked[1].0);
            w.say(" came ").formula(
                "second",
                2,
                "rank",
                vec![base.at(ranked[1].0, column).json()],
            );
            w.say(" with ");
            self.write_signed(w, base, ranked[1].0, column, part);
            said = true;
        }
        let last = ranked.len() - 1;
        if last > 1 && unique(last) && complete(self.query, base) {
            w.say(if said { "; " } else { "" });
            self.group(w, base, ranked[last].0);
            w.say(" had the ").formula(
                if descending { "lowest" } else { "highest" },
                ranked.len(),
                "rank",
                vec![base.at(ranked[last].0, column).json()],
            );
            w.say(" with ");
            self.write_signed(w, base, ranked[last].0, column, part);
            said = true;
        }
        if said {
            w.stop();
        }
    }

    fn level_leader(&self, w: &mut Writer, base: &Table, term: usize, growth_leader: usize) {
        let Some(value) = base.column(term, Part::Value) else {
            return;
        };
        let ranked = base.ranked(value, true);
        let Some(&(row, best)) = ranked.first() else {
            return;
        };
        if row == growth_leader || ranked.get(1).is_some_and(|r| r.1 == best) {
            return;
        }
        w.say("By level, ");
        self.group(w, base, row);
        w.say(" had the ")
            .formula("highest", 1, "rank", vec![base.at(row, value).json()]);
        w.say(" ").say(&self.query.metrics[term].name).say(" with ");
        self.write_value(w, base, row, value);
        w.stop();
    }

    fn leader_share(
        &self,
        w: &mut Writer,
        base: &Table,
        ranked: &[(usize, f64)],
        term: usize,
        column: usize,
    ) {
        let row = ranked[0].0;
        if let Some(share) = base
            .column(term, Part::Share)
            .filter(|c| base.number(row, *c).is_some())
        {
            self.group(w, base, row);
            w.say(" accounts for ");
            self.write_value(w, base, row, share);
            w.say(" of the total");
            w.stop();
            return;
        }
        let sum: f64 = ranked.iter().map(|r| r.1).sum();
        if base.running().is_some()
            || !self.sums_up(term)
            || !complete(self.query, base)
            || ranked.iter().any(|r| r.1 < 0.0)
            || sum <= 0.0
            || ranked.len() < 2
        {
            return;
        }
        let whole = base.columns[column].data_type == "integer";
        let cells: Vec<Value> = ranked.iter().map(|r| base.at(r.0, column).json()).collect();
        let mut inputs = vec![base.at(row, column).json()];
        inputs.extend(cells.iter().cloned());
        self.group(w, base, row);
        let share = ranked[0].1 / sum;
        w.say(" accounts for ")
            .formula(&wording::percent(share, false), share, "share", inputs);
        w.say(" of the total of ").formula(
            &wording::value(sum, self.unit(base, column), whole),
            sum,
            "sum",
            cells,
        );
        w.say(" across ").formula(
            &base.rows.len().to_string(),
            base.rows.len(),
            "count_rows",
            vec![json!(base.step)],
        );
        w.say(" groups");
        w.stop();
    }
}

/// Whether the rows are all there are: nothing cut off, ranked away or filtered after grouping.
fn complete(query: &Query, table: &Table) -> bool {
    !table.truncated && query.rank.is_none() && query.limit.is_none() && query.having.is_empty()
}

fn ordinal(n: usize) -> String {
    const WORDS: [&str; 10] = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
        "tenth",
    ];
    match WORDS.get(n - 1) {
        Some(word) => (*word).to_string(),
        None => {
            let suffix = match (n % 10, n % 100) {
                (1, k) if k != 11 => "st",
                (2, k) if k != 12 => "nd",
                (3, k) if k != 13 => "rd",
                _ => "th",
            };
            format!("{n}{suffix}")
        }
    }
}

/// Whether a measure may be summed over groups.
fn additive(measure: &Measure, model: &Model) -> bool {
    match measure {
        Measure::Metric(name) => model
            .metric(name)
            .is_some_and(|m| m.additivity == Additivity::Additive),
        Measure::Aggregate { aggregation, field } => match aggregation {
            Aggregation::Count => true,
            Aggregation::Sum => model
                .field(field)
                .is_some_and(|f| f.additivity == Additivity::Additive),
            _ => false,
        },
        Measure::Rows(_) => true,
        Measure::Difference { left, right } => additive(left, model) && additive(right, model),
        Measure::Where { measure, .. }
        | Measure::Dated { measure, .. }
        | Measure::OrZero(measure) => additive(measure, model),
        // Ratios, aggregates over groups, levels and whatever else is not known to add up.
        _ => false,
    }
}
