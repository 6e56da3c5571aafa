//! Which features took part in how many cases.

use query::{
    Align, Banded, Banding, CompareTo, Dimension, Filter, Grain, Having, Measure, OrderKey, Part,
    Query, Threshold, Ties,
};
use semantics::{Additivity, Aggregation, CumulativeWindow, Empty, Fill, MetricKind, Model};
use std::collections::{BTreeMap, BTreeSet};

/// Counts by feature.
#[derive(Debug, Default, Clone)]
pub(crate) struct Coverage {
    pub(crate) cases: usize,
    pub(crate) non_empty: usize,
    pub(crate) refused: BTreeMap<&'static str, usize>,
    pub(crate) rounding: usize,
    features: BTreeMap<&'static str, (usize, usize)>,
}

impl Coverage {
    pub(crate) fn add(
        &mut self,
        model: &Model,
        query: &Query,
        rows: usize,
        refused: Option<&'static str>,
    ) {
        self.cases += 1;
        let full = rows > 0;
        self.non_empty += usize::from(full);
        if let Some(code) = refused {
            *self.refused.entry(code).or_default() += 1;
        }
        let mut found = BTreeSet::new();
        of_query(model, query, &mut found);
        of_model(model, &mut found);
        for feature in found {
            let entry = self.features.entry(feature).or_default();
            entry.0 += 1;
            entry.1 += usize::from(full);
        }
    }

    pub(crate) fn merge(&mut self, other: &Coverage) {
        self.cases += other.cases;
        self.non_empty += other.non_empty;
        self.rounding += other.rounding;
        for (code, n) in &other.refused {
            *self.refused.entry(code).or_default() += n;
        }
        for (feature, (n, full)) in &other.features {
            let entry = self.features.entry(feature).or_default();
            entry.0 += n;
            entry.1 += full;
        }
    }

    /// Features that took part in fewer than so many percent of the cases.
    pub(crate) fn rare(&self, percent: f64) -> Vec<&'static str> {
        FEATURES
            .iter()
            .copied()
            .filter(|f| {
                let n = self.features.get(f).map_or(0, |f| f.0);
                (n as f64) < percent / 100.0 * self.cases as f64
            })
            .collect()
    }

    /// Cases with rows, in percent.
    pub(crate) fn non_empty_percent(&self) -> f64 {
        100.0 * self.non_empty as f64 / self.cases.max(1) as f64
    }

    pub(crate) fn table(&self) -> String {
        let percent = |n: usize, of: usize| 100.0 * n as f64 / of.max(1) as f64;
        let mut text = format!("{:<34}{:>9}{:>12}\n", "feature", "cases %", "non-empty %");
        for &feature in FEATURES {
            let (n, full) = self.features.get(feature).copied().unwrap_or_default();
            text += &format!(
                "{feature:<34}{:>9.2}{:>12.1}\n",
                percent(n, self.cases),
                percent(full, n)
            );
        }
        for (code, n) in &self.refused {
            text += &format!("refused {code:<26}{:>9.2}\n", percent(*n, self.cases));
        }
        text += &format!(
            "all: {} cases, {:.1} % non-empty; {} decided by rounding were passed over\n",
            self.cases,
            percent(self.non_empty, self.cases),
            self.rounding
        );
        text
    }
}

/// Every feature that a run must reach.
pub(crate) const FEATURES: &[&str] = &[
    "metric",
    "metric: ratio",
    "metric: difference",
    "metric: formula",
    "metric: cumulative",
    "metric: nothing is zero",
    "fill: nothing",
    "fill: zero",
    "fill: the value before",
    "metric: empty numerator",
    "metric: least denominator",
    "metric: own filter",
    "metric: own time field",
    "aggregate: sum",
    "aggregate: count",
    "aggregate: count distinct",
    "aggregate: average",
    "aggregate: min",
    "aggregate: max",
    "aggregate: median",
    "aggregate: percentile",
    "aggregate: standard deviation",
    "aggregate: variance",
    "rows of a dataset",
    "ratio",
    "difference",
    "where",
    "per group",
    "value at",
    "dated",
    "or zero",
    "days since",
    "attach rate",
    "level",
    "level: read in a stated way",
    "level: before a period",
    "sell-through",
    "weeks of supply",
    "cumulative measure: all",
    "cumulative measure: trailing",
    "cumulative measure: to date",
    "count of a query",
    "several measures",
    "several facts",
    "no dimension",
    "several dimensions",
    "dimension: field",
    "dimension: through a role",
    "dimension: over a bridge",
    "dimension: of a version",
    "versions: those of now",
    "dimension: bucket",
    "dimension: new or returning",
    "band: width",
    "band: edges",
    "band: quantiles",
    "band: classes of the largest",
    "band: of a field",
    "band: of a query",
    "time: hour",
    "time: day",
    "time: week",
    "time: month",
    "time: quarter",
    "time: year",
    "time: hour of day",
    "time: weekday",
    "time: month of year",
    "time: quarter of year",
    "time: week of year",
    "time of a stated field",
    "calendar: fiscal year",
    "calendar: whole weeks",
    "time range",
    "open time range",
    "filter: and",
    "filter: or",
    "filter: not",
    "filter: compare",
    "filter: compare fields",
    "filter: in",
    "filter: contains",
    "filter: is null",
    "filter: during",
    "filter: cycle",
    "filter: members",
    "filter: compare query",
    "filter: over a bridge",
    "compare: prior period",
    "compare: prior year",
    "compare: range",
    "compare: to date",
    "compare: full",
    "compare: same fiscal week",
    "compare: restated",
    "compare: same weekday",
    "compare: holiday",
    "compare: by period",
    "compare: comparable stores",
    "compare: contribution",
    "compare: share of change",
    "price, volume and mix",
    "basket",
    "basket: directed",
    "cohort",
    "cohort: measure",
    "share",
    "share within",
    "share unfiltered",
    "cumulative",
    "rolling",
    "having: number",
    "having: average of groups",
    "having: metric",
    "having: average within",
    "having: median of groups",
    "having: part",
    "having: query",
    "having: times",
    "having: or",
    "rank",
    "rank: skip",
    "rank: per",
    "rank: break ties",
    "rank: percent",
    "rank: other",
    "order",
    "limit",
    "rows query",
    "rows query: distinct",
    "rows query: rank",
    "distinct values",
    "sets",
    "model: bridge or diamond",
    "model: link to itself",
    "model: two roles",
    "model: key missing",
    "model: key not unique",
    "model: week not from Monday",
    "model: versions of rows",
    "model: currencies",
    "model: default filters",
    "model: row policies",
    "model: column policies",
];

fn of_model(model: &Model, found: &mut BTreeSet<&'static str>) {
    let mut pairs = BTreeSet::new();
    for r in &model.relationships {
        if r.from == r.to {
            found.insert("model: link to itself");
        } else if !pairs.insert((&r.from, &r.to)) {
            found.insert("model: two roles");
        }
        let versions = model.dataset(&r.to).is_some_and(|d| d.validity.is_some());
        if !r.unique && !versions {
            found.insert("model: key not unique");
        }
    }
    if pairs
        .iter()
        .any(|(from, to)| pairs.iter().any(|(f, t)| f == from && t != to))
    {
        found.insert("model: bridge or diamond");
    }
    if model.datasets.iter().any(|d| d.primary_key.is_empty()) {
        found.insert("model: key missing");
    }
    let mut fields = model.datasets.iter().flat_map(|d| &d.fields);
    if fields.any(|f| f.currency.is_some()) {
        found.insert("model: currencies");
    }
    if model.datasets.iter().any(|d| d.validity.is_some()) {
        found.insert("model: versions of rows");
    }
    if model.datasets.iter().any(|d| !d.default_filters.is_empty()) {
        found.insert("model: default filters");
    }
    if !model.policies.is_empty() {
        found.insert("model: row policies");
    }
    if model.policies.iter().any(|p| {
        !(p.hidden_fields.is_empty() && p.masked_fields.is_empty() && p.hidden_metrics.is_empty())
    }) {
        found.insert("model: column policies");
    }
    if model.week_start != 1 {
        found.insert("model: week not from Monday");
    }
}

fn of_aggregation(aggregation: Aggregation) -> &'static str {
    match aggregation {
        Aggregation::Sum => "aggregate: sum",
        Aggregation::Count => "aggregate: count",
        Aggregation::CountDistinct => "aggregate: count distinct",
        Aggregation::Average => "aggregate: average",
        Aggregation::Min => "aggregate: min",
        Aggregation::Max => "aggregate: max",
        Aggregation::Median => "aggregate: median",
        Aggregation::Percentile(_) => "aggregate: percentile",
        Aggregation::StandardDeviation => "aggregate: standard deviation",
        Aggregation::Variance => "aggregate: variance",
    }
}

fn of_grain(grain: Grain) -> &'static str {
    match grain {
        Grain::Hour => "time: hour",
        Grain::Day => "time: day",
        Grain::Week => "time: week",
        Grain::Month => "time: month",
        Grain::Quarter => "time: quarter",
        Grain::Year => "time: year",
        Grain::HourOfDay => "time: hour of day",
        Grain::Weekday => "time: weekday",
        Grain::MonthOfYear => "time: month of year",
        Grain::QuarterOfYear => "time: quarter of year",
        Grain::WeekOfYear => "time: week of year",
    }
}

fn of_measure(model: &Model, measure: &Measure, found: &mut BTreeSet<&'static str>) {
    match measure {
        Measure::Metric(name) => {
            found.insert("metric");
            let Some(metric) = model.metric(name) else {
                return;
            };
            if metric.time_field.is_some() {
                found.insert("metric: own time field");
            }
            match &metric.kind {
                MetricKind::Simple {
                    aggregation,
                    filter,
                    ..
                } => {
                    found.insert(of_aggregation(*aggregation));
                    if filter.is_some() {
                        found.insert("metric: own filter");
                    }
                    if metric.additivity == Additivity::Semi {
                        found.insert("level");
                        if metric.semi_additive.is_some() {
                            found.insert("level: read in a stated way");
                        }
                    }
                }
                MetricKind::Ratio { .. } => {
                    found.insert("metric: ratio");
                }
                MetricKind::Difference { .. } => {
                    found.insert("metric: difference");
                }
                MetricKind::Derived { .. } => {
                    found.insert("metric: formula");
                }
                MetricKind::Cumulative { .. } => {
                    found.insert("metric: cumulative");
                }
                _ => {}
            }
            if metric.empty == Empty::Zero {
                found.insert("metric: nothing is zero");
            }
            match metric.fill {
                Fill::None => {}
                Fill::Null => _ = found.insert("fill: nothing"),
                Fill::Zero => _ = found.insert("fill: zero"),
                Fill::Previous => _ = found.insert("fill: the value before"),
            }
            if metric.numerator_empty == Empty::Zero {
                found.insert("metric: empty numerator");
            }
            if metric.min_denominator.is_some() {
                found.insert("metric: least denominator");
            }
        }
        Measure::Aggregate { aggregation, .. } => {
            found.insert(of_aggregation(*aggregation));
        }
        Measure::Rows(_) => {
            found.insert("rows of a dataset");
        }
        Measure::Ratio {
            numerator,
            denominator,
        } => {
            found.insert("ratio");
            of_measure(model, numerator, found);
            of_measure(model, denominator, found);
        }
        Measure::Difference { left, right } => {
            found.insert("difference");
            of_measure(model, left, found);
            of_measure(model, right, found);
        }
        Measure::Where { measure, filter } => {
            found.insert("where");
            of_measure(model, measure, found);
            of_filter(model, filter, found);
        }
        Measure::PerGroup { measure, per, .. } => {
            found.insert("per group");
            of_measure(model, measure, found);
            for d in per {
                of_dimension(model, d, found);
            }
        }
        Measure::CountOf(query) => {
            found.insert("count of a query");
            of_query(model, query, found);
        }
        Measure::ValueAt { .. } => {
            found.insert("value at");
        }
        Measure::Dated { measure, .. } => {
            found.insert("dated");
            of_measure(model, measure, found);
        }
        Measure::OrZero(measure) => {
            found.insert("or zero");
            of_measure(model, measure, found);
        }
        Measure::DaysSince { .. } => {
            found.insert("days since");
        }
        Measure::BasketAttach { base, attach, .. } => {
            found.insert("attach rate");
            of_filter(model, base, found);
            of_filter(model, attach, found);
        }
        Measure::Opening(measure) => {
            found.insert("level: before a period");
            of_measure(model, measure, found);
        }
        Measure::Cumulative { measure, window } => {
            found.insert(match window {
                CumulativeWindow::All => "cumulative measure: all",
                CumulativeWindow::Trailing(_) => "cumulative measure: trailing",
                CumulativeWindow::ToDate(_) => "cumulative measure: to date",
            });
            of_measure(model, measure, found);
        }
        Measure::SellThrough { sold, of } => {
            found.insert("sell-through");
            of_measure(model, sold, found);
            of_measure(model, of.measure(), found);
        }
        Measure::WeeksOfSupply { stock, sold, .. } => {
            found.insert("weeks of supply");
            of_measure(model, stock, found);
            of_measure(model, sold, found);
        }
    }
}

fn of_dimension(model: &Model, dimension: &Dimension, found: &mut BTreeSet<&'static str>) {
    match dimension {
        Dimension::Field(field) => {
            found.insert("dimension: field");
            if field.via.is_some() {
                found.insert("dimension: through a role");
            }
        }
        Dimension::Time(grain) => {
            found.insert(of_grain(*grain));
        }
        Dimension::TimeOf { grain, .. } => {
            found.insert("time of a stated field");
            found.insert(of_grain(*grain));
        }
        Dimension::Bucket { .. } => {
            found.insert("dimension: bucket");
        }
        Dimension::NewOrReturning { .. } => {
            found.insert("dimension: new or returning");
        }
        Dimension::Band { of, by, .. } => {
            found.insert(match by {
                Banding::Width(_) => "band: width",
                Banding::Edges(_) => "band: edges",
                Banding::Quantiles(_) => "band: quantiles",
                Banding::Pareto(_) => "band: classes of the largest",
            });
            match of {
                Banded::Field(_) => found.insert("band: of a field"),
                Banded::Query(query) => {
                    of_query(model, query, found);
                    found.insert("band: of a query")
                }
            };
        }
    }
}

fn of_filter(model: &Model, filter: &Filter, found: &mut BTreeSet<&'static str>) {
    let name = match filter {
        Filter::And(all) => {
            all.iter().for_each(|f| of_filter(model, f, found));
            "filter: and"
        }
        Filter::Or(all) => {
            all.iter().for_each(|f| of_filter(model, f, found));
            "filter: or"
        }
        Filter::Not(inner) => {
            of_filter(model, inner, found);
            "filter: not"
        }
        Filter::Compare { .. } => "filter: compare",
        Filter::CompareFields { .. } => "filter: compare fields",
        Filter::In { .. } => "filter: in",
        Filter::Contains { .. } => "filter: contains",
        Filter::IsNull { .. } => "filter: is null",
        Filter::During { .. } => "filter: during",
        Filter::Cycle { .. } => "filter: cycle",
        Filter::Members { query, .. } => {
            of_query(model, query, found);
            "filter: members"
        }
        Filter::CompareQuery { query, .. } => {
            of_query(model, query, found);
            "filter: compare query"
        }
    };
    found.insert(name);
}

/// Datasets that a measure counts over, and fields that a filter reads.
fn homes<'m>(model: &'m Model, measure: &'m Measure, into: &mut BTreeSet<&'m str>) {
    match measure {
        Measure::Metric(name) => match model.metric(name).map(|m| &m.kind) {
            Some(MetricKind::Simple { dataset, .. }) => {
                into.insert(dataset);
            }
            Some(
                MetricKind::Ratio {
                    numerator: a,
                    denominator: b,
                }
                | MetricKind::Difference { left: a, right: b },
            ) => {
                for name in [a, b] {
                    if let Some(metric) = model.metric(name)
                        && let MetricKind::Simple { dataset, .. } = &metric.kind
                    {
                        into.insert(dataset);
                    }
                }
            }
            _ => {}
        },
        Measure::Aggregate { field, .. } => {
            into.insert(&field.dataset);
        }
        Measure::Rows(dataset) => {
            into.insert(dataset);
        }
        Measure::Ratio {
            numerator: a,
            denominator: b,
        }
        | Measure::Difference { left: a, right: b } => {
            homes(model, a, into);
            homes(model, b, into);
        }
        Measure::Where { measure, .. } | Measure::PerGroup { measure, .. } => {
            homes(model, measure, into);
        }
        Measure::CountOf(_) => {}
        Measure::Dated { measure, .. } | Measure::OrZero(measure) => homes(model, measure, into),
        Measure::ValueAt { field, .. } | Measure::DaysSince { field, .. } => {
            into.insert(&field.dataset);
        }
        Measure::BasketAttach { lines, .. } => {
            into.insert(lines);
        }
        Measure::Opening(_)
        | Measure::Cumulative { .. }
        | Measure::SellThrough { .. }
        | Measure::WeeksOfSupply { .. } => {
            for part in measure.parts() {
                homes(model, part, into);
            }
        }
    }
}

fn bridged(model: &Model, home: &str, field: &semantics::FieldRef) -> bool {
    matches!(
        crate::evaluate::reach(model, home, field),
        Ok(crate::evaluate::Reach::Linked(..))
    )
}

fn fields_of_filter<'q>(filter: &'q Filter, into: &mut Vec<&'q semantics::FieldRef>) {
    match filter {
        Filter::And(all) | Filter::Or(all) => all.iter().for_each(|f| fields_of_filter(f, into)),
        Filter::Not(inner) => fields_of_filter(inner, into),
        Filter::CompareFields { left, right, .. } => into.extend([left, right]),
        Filter::Compare { field, .. }
        | Filter::In { field, .. }
        | Filter::Contains { field, .. }
        | Filter::IsNull { field }
        | Filter::During { field, .. }
        | Filter::Cycle { field, .. }
        | Filter::CompareQuery { field, .. }
        | Filter::Members { field, .. } => into.push(field),
    }
}

fn of_query(model: &Model, query: &Query, found: &mut BTreeSet<&'static str>) {
    let mut put = |name| {
        found.insert(name);
    };
    if query.metrics.len() > 1 {
        put("several measures");
    }
    if !query.metrics.is_empty() && query.dimensions.is_empty() {
        put("no dimension");
    }
    if query.dimensions.len() > 1 {
        put("several dimensions");
    }
    match &query.rows {
        Some(rows) => {
            put("rows query");
            if rows.distinct {
                put("rows query: distinct");
            }
            if rows.rank.is_some() {
                put("rows query: rank");
            }
        }
        None if query.sets.is_some() => put("sets"),
        None if query.basket.is_some() => {}
        None if query.cohort.is_some() || query.decompose.is_some() => {}
        None if query.metrics.is_empty() => put("distinct values"),
        None => {}
    }
    if let Some(range) = query.time.as_ref().and_then(|t| t.range.as_ref()) {
        if range.start.is_some() && range.end.is_some() {
            put("time range");
        } else {
            put("open time range");
        }
    }
    match query.time.as_ref().and_then(|t| t.calendar.as_deref()) {
        None => {}
        Some("fiscal") => put("calendar: fiscal year"),
        Some(_) => put("calendar: whole weeks"),
    }
    if let Some(basket) = &query.basket {
        put("basket");
        if basket.first.is_some() || basket.second.is_some() {
            put("basket: directed");
        }
    }
    if let Some(cohort) = &query.cohort {
        put("cohort");
        if cohort.measure.is_some() {
            put("cohort: measure");
        }
    }
    if query.decompose.is_some() {
        put("price, volume and mix");
    }
    let running = query.dimensions.iter().any(
        |d| matches!(d, Dimension::Time(g) | Dimension::TimeOf { grain: g, .. } if !g.is_cyclic()),
    );
    if let Some(compare) = &query.compare {
        match compare.to {
            CompareTo::PriorPeriod => put("compare: prior period"),
            CompareTo::PriorYear => put("compare: prior year"),
            CompareTo::Range(_) => put("compare: range"),
        }
        put(match compare.align {
            Align::ToDate => "compare: to date",
            Align::Full => "compare: full",
            Align::SameFiscalWeek => "compare: same fiscal week",
            Align::Restated => "compare: restated",
            Align::SameWeekday => "compare: same weekday",
            Align::Holiday => "compare: holiday",
        });
        if running {
            put("compare: by period");
        }
        if compare.comparable.is_some() {
            put("compare: comparable stores");
        }
        for part in &compare.show {
            match part {
                Part::Contribution => put("compare: contribution"),
                Part::ShareOfChange => put("compare: share of change"),
                _ => {}
            }
        }
    }
    if let Some(share) = &query.share {
        put("share");
        if !share.within.is_empty() {
            put("share within");
        }
        if share.unfiltered {
            put("share unfiltered");
        }
    }
    if query.cumulative {
        put("cumulative");
    }
    if query.rolling.is_some() {
        put("rolling");
    }
    if let Some(rank) = &query.rank {
        put("rank");
        if rank.skip > 0 {
            put("rank: skip");
        }
        if !rank.per.is_empty() {
            put("rank: per");
        }
        if rank.ties == Ties::Break {
            put("rank: break ties");
        }
        if rank.percent {
            put("rank: percent");
        }
        if rank.other.is_some() {
            put("rank: other");
        }
    }
    if query
        .order
        .iter()
        .any(|o| !matches!(o.key, OrderKey::Metric(_, Part::Prior)))
    {
        put("order");
    }
    if query.limit.is_some() {
        put("limit");
    }
    if query.current_attributes {
        put("versions: those of now");
    }
    let mut places = BTreeSet::new();
    for term in &query.metrics {
        homes(model, &term.measure, &mut places);
    }
    if places.len() > 1 {
        put("several facts");
    }
    for dimension in &query.dimensions {
        if let Dimension::Field(field) = dimension
            && places.iter().any(|h| bridged(model, h, field))
        {
            put("dimension: over a bridge");
        }
    }
    let of_version = |d: &Dimension| {
        let (Dimension::Field(field) | Dimension::TimeOf { field, .. }) = d else {
            return false;
        };
        let home = model.dataset(&field.dataset);
        home.is_some_and(|d| d.validity.is_some()) && !places.contains(field.dataset.as_str())
    };
    if query.dimensions.iter().any(of_version) {
        put("dimension: of a version");
    }
    let mut read = Vec::new();
    if let Some(filter) = &query.filter {
        fields_of_filter(filter, &mut read);
    }
    if read
        .iter()
        .any(|f| places.iter().any(|h| bridged(model, h, f)))
    {
        put("filter: over a bridge");
    }
    for term in &query.metrics {
        of_measure(model, &term.measure, found);
    }
    for dimension in &query.dimensions {
        of_dimension(model, dimension, found);
    }
    if let Some(filter) = &query.filter {
        of_filter(model, filter, found);
    }
    for having in &query.having {
        of_having(model, having, found);
    }
    for part in query.sets.iter().flat_map(|s| &s.queries) {
        of_query(model, part, found);
    }
}

fn of_having(model: &Model, having: &Having, found: &mut BTreeSet<&'static str>) {
    of_threshold(model, &having.value, found);
    for other in &having.or {
        found.insert("having: or");
        of_having(model, other, found);
    }
}

fn of_threshold(model: &Model, threshold: &Threshold, found: &mut BTreeSet<&'static str>) {
    let name = match threshold {
        Threshold::Number(_) => "having: number",
        Threshold::AverageOfGroups => "having: average of groups",
        Threshold::AverageWithin(_) => "having: average within",
        Threshold::MedianOfGroups => "having: median of groups",
        Threshold::Metric(_) => "having: metric",
        Threshold::Part(..) => "having: part",
        Threshold::Query(query) => {
            of_query(model, query, found);
            "having: query"
        }
        Threshold::Times(_, inner) => {
            of_threshold(model, inner, found);
            "having: times"
        }
    };
    found.insert(name);
}
