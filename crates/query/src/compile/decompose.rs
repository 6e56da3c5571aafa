//! A change taken apart: price, volume and mix.

use super::Compiler;
use super::grouped::{Setting, running};
use super::statement::Select;
use crate::{
    Compare, Decompose, Dimension, Origin, OutputColumn, OutputRole, PriceVolumeMix, Query,
    QueryError, Term,
};
use semantics::DataType;

/// The comparison of a query whose change is taken apart; nothing else stands beside it.
fn compared(query: &Query) -> Result<&Compare, QueryError> {
    let rest = Query {
        dimensions: Vec::new(),
        time: None,
        filter: None,
        compare: None,
        decompose: None,
        limit: None,
        as_of: None,
        current_attributes: false,
        without_default_filters: Vec::new(),
        ..query.clone()
    };
    query
        .compare
        .as_ref()
        .filter(|compare| rest == Query::default() && compare.show.is_empty())
        .ok_or_else(|| {
            QueryError::Malformed(
                "a change that is taken apart has dimensions, a time, a filter, a limit and a comparison that shows nothing of its own beside it".into(),
            )
        })
}

impl Compiler<'_> {
    pub(super) fn decompose(
        &mut self,
        query: &Query,
        decompose: &Decompose,
    ) -> Result<(Select, Vec<OutputColumn>), QueryError> {
        let Decompose::PriceVolumeMix(mix) = decompose;
        let compare = compared(query)?;
        if mix.per.is_empty() {
            return Err(QueryError::Malformed(
                "something has to have a price: give what items are told apart by".into(),
            ));
        }
        let mut dimensions = query.dimensions.clone();
        dimensions.extend(mix.per.iter().cloned());
        let items = Query {
            metrics: vec![
                mix.value.clone(),
                Term {
                    name: "quantity".into(),
                    measure: mix.quantity.clone(),
                },
            ],
            dimensions,
            time: query.time.clone(),
            filter: query.filter.clone(),
            compare: Some(compare.clone()),
            ..Query::default()
        };
        let (setting, base) = self.both_sides(&items)?;
        self.adds_up_to_the_change(query, mix, &setting)?;
        let bridged = self.bridge(query.dimensions.len(), &setting, &base);
        self.effects(query, mix, &setting, &bridged)
    }

    /// Refuses a value or a quantity whose parts are no parts of the whole.
    fn adds_up_to_the_change(
        &self,
        query: &Query,
        mix: &PriceVolumeMix,
        setting: &Setting,
    ) -> Result<(), QueryError> {
        let over: Vec<_> = setting.query.dimensions.iter().collect();
        let adds = setting.shapes.iter().all(|s| s.additive)
            && setting.parts.leaves.iter().all(|l| self.adds_up(l, &over));
        if adds {
            let by: Vec<Dimension> = query.dimensions.clone();
            for leaf in &setting.parts.leaves {
                self.money(leaf, &by, &setting.window)?;
            }
            return Ok(());
        }
        Err(QueryError::UnsafeReaggregation {
            what: format!(
                "{} and {}",
                mix.value.name,
                self.measure_words(&mix.quantity)
            ),
            how: "taken apart into effects that add up",
        })
    }

    /// A CTE of the effects in each group of the first so many dimensions; its name.
    fn bridge(&mut self, by: usize, setting: &Setting, base: &str) -> String {
        let sql = self.sql;
        let exact = setting.shapes[0].data_type != DataType::Float;
        let amount = |of: &str| {
            let known = format!("COALESCE({of}, 0)");
            if exact {
                sql.cast(&known, DataType::Decimal)
            } else {
                known
            }
        };
        // What a quantity is worth at another quantity's price.
        let at_price = |value: &str, quantity: &str, of: &str| {
            let worth = sql.quotient(&format!("{} * {quantity}", sql.float(value)), of);
            if exact { sql.rounded(&worth) } else { worth }
        };
        let keys: Vec<String> = (0..by).map(|d| format!("d{d}")).collect();
        let mut items = Select {
            columns: keys.iter().map(|d| format!("g.{d}")).collect(),
            from: format!("FROM {base} AS g"),
            ..Select::default()
        };
        items.columns.extend([
            format!("{} AS v1", amount("g.m0")),
            format!("{} AS v0", amount("g.p0")),
            "g.m1 AS q1".into(),
            "g.p1 AS q0".into(),
            format!(
                "CASE WHEN g.m1 <> 0 AND g.p1 <> 0 THEN {} END AS at_old",
                at_price("COALESCE(g.p0, 0)", "g.m1", "g.p1")
            ),
        ]);
        let items = self.cte(
            "items",
            "each item in both periods, and what it is worth now at its old price".into(),
            &items,
        );
        let sum = |of: &str, condition: &str| {
            format!("COALESCE(SUM(CASE WHEN {condition} THEN {of} END), 0)")
        };
        let stays = "at_old IS NOT NULL";
        let mut sums = Select {
            columns: keys.clone(),
            from: format!("FROM {items}"),
            keys: by,
            ..Select::default()
        };
        sums.columns.extend([
            // Without any row nothing has changed.
            "COALESCE(SUM(v1), 0) AS v1".into(),
            "COALESCE(SUM(v0), 0) AS v0".into(),
            format!("{} AS price", sum("v1 - at_old", stays)),
            format!("{} AS at_old", sum("at_old", stays)),
            format!("{} AS stayed", sum("v0", stays)),
            format!("{} AS q1", sum("q1", stays)),
            format!("{} AS q0", sum("q0", stays)),
            format!("{} AS added", sum("v1 - v0", "q0 IS NULL OR q0 = 0")),
            format!(
                "{} AS dropped",
                sum("v1 - v0", "q0 <> 0 AND (q1 IS NULL OR q1 = 0)")
            ),
        ]);
        let sums = self.cte(
            "effects",
            "what prices did, and what is left to take apart".into(),
            &sums,
        );
        let mut bridged = Select {
            columns: keys,
            from: format!("FROM {sums}"),
            ..Select::default()
        };
        bridged.columns.extend([
            "v1".into(),
            "v0".into(),
            "price".into(),
            // Without a quantity there is no mean price, and all that is left is mix.
            format!(
                "COALESCE({}, stayed) - stayed AS volume",
                at_price("stayed", "q1", "q0")
            ),
            "at_old - stayed AS moved".into(),
            "added".into(),
            "dropped".into(),
        ]);
        self.cte(
            "bridged",
            "volume at the old mean price; mix is what is left".into(),
            &bridged,
        )
    }

    fn effects(
        &self,
        query: &Query,
        mix: &PriceVolumeMix,
        setting: &Setting,
        bridged: &str,
    ) -> Result<(Select, Vec<OutputColumn>), QueryError> {
        let sql = self.sql;
        let mut columns = self.dimension_columns(query);
        let mut select: Vec<String> = (0..columns.len()).map(|d| format!("d{d}")).collect();
        let mut order = Vec::new();
        for d in 0..columns.len() {
            let key = self.group_key(&query.dimensions, &columns, d);
            order.push(sql.ordered(&key, false));
        }
        if let Some((r, _)) = running(&query.dimensions) {
            let time = order.remove(r);
            order.insert(0, time);
        }
        let shape = &setting.shapes[0];
        let name = &mix.value.name;
        let numbers = [
            (name.clone(), "v1"),
            (format!("{name} ({})", setting.prior), "v0"),
            (format!("{name} change"), "v1 - v0"),
            ("Price".into(), "price"),
            ("Volume".into(), "volume"),
            ("Mix".into(), "moved - volume"),
            ("New".into(), "added"),
            ("Dropped".into(), "dropped"),
        ];
        for (name, of) in numbers {
            select.push(of.to_string());
            columns.push(OutputColumn {
                name,
                data_type: match shape.data_type {
                    DataType::Float => DataType::Float,
                    _ => DataType::Decimal,
                },
                unit: shape.unit.clone(),
                role: OutputRole::Measure,
                grain: None,
                origin: Origin::Shape(columns.len()),
            });
        }
        let select = Select {
            columns: select
                .iter()
                .zip(&columns)
                .map(|(of, c)| format!("{of} AS {}", sql.identifier(&c.name)))
                .collect(),
            from: format!("FROM {bridged}"),
            order,
            limit: query.limit,
            ..Select::default()
        };
        Ok((select, columns))
    }
}
