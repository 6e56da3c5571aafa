//! Money of several currencies: never added up, unless the model says how it is converted.
//!
//! An amount whose currency each row says is one number only where the query groups by the currency
//! or asks for one of them. With a conversion it becomes an amount of the model's currency, row by
//! row; where a row has no rate, its group has no value, because a sum without it would be wrong.

use super::Compiler;
use super::frame::Window;
use super::grouped::Setting;
use super::measure::Leaf;
use super::scope::Scope;
use super::statement::Select;
use crate::{Dimension, Filter, Having, Literal, Note, Operator, Part, QueryError, Threshold};
use semantics::{
    Aggregation, CurrencyConversion, Dataset, Expression, FieldCurrency, FieldRef, RatePolicy,
    RowFilter,
};

/// How an amount is read.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Money {
    /// As it stands, in one currency where it is known which.
    AsItStands(Option<String>),
    /// In the model's currency; what it is converted from.
    Converted(FieldCurrency),
}

impl<'m> Compiler<'m> {
    /// The currencies that an expression's amounts are declared to be in.
    fn declared_currencies(
        &self,
        e: &Expression,
        home: &Dataset,
        depth: usize,
        found: &mut Vec<FieldCurrency>,
    ) {
        if depth > 20 {
            return;
        }
        let mut read: Vec<FieldRef> = e
            .fields()
            .into_iter()
            .map(|f| FieldRef::new(&home.name, f))
            .collect();
        read.extend(e.lookups().into_iter().cloned());
        for column in e.columns() {
            let own = Expression::Column(column.to_string());
            if let Some(field) = home.fields.iter().find(|f| f.expression == own) {
                found.extend(field.currency.clone());
            }
        }
        for field in read {
            let (Some(known), Some(dataset)) = (
                self.context.graph.field(&field),
                self.context.graph.dataset(&field.dataset),
            ) else {
                continue;
            };
            match &known.currency {
                Some(currency) => found.push(currency.clone()),
                None => self.declared_currencies(&known.expression, dataset, depth + 1, found),
            }
        }
    }

    /// How a leaf reads its amounts in groups of these dimensions.
    ///
    /// # Errors
    /// `E_MIXED_CURRENCIES` where amounts of several currencies would be one number.
    pub(super) fn money(
        &self,
        leaf: &Leaf,
        dimensions: &[Dimension],
        window: &Window,
    ) -> Result<Money, QueryError> {
        let Leaf::Rows {
            home,
            aggregation,
            of: Some(of),
            basis,
            declared,
            ..
        } = leaf
        else {
            return Ok(Money::AsItStands(None));
        };
        if matches!(aggregation, Aggregation::Count | Aggregation::CountDistinct) {
            return Ok(Money::AsItStands(None));
        }
        let Some(home) = self.context.graph.dataset(home) else {
            return Ok(Money::AsItStands(None));
        };
        let mut found = Vec::new();
        self.declared_currencies(of, home, 0, &mut found);
        found.dedup();
        let mixed = |what: String| {
            Err(QueryError::MixedCurrencies {
                what,
                by: found
                    .iter()
                    .map(|c| match c {
                        FieldCurrency::Code(code) => code.clone(),
                        FieldCurrency::Field(field) => field.to_string(),
                    })
                    .collect(),
            })
        };
        let currency = match &found[..] {
            [] => return Ok(Money::AsItStands(None)),
            [only] => only,
            _ => return mixed(format!("the amounts of {}", home.label)),
        };
        let convertible = self.model.currency_conversion.is_some() && self.model.currency.is_some();
        match currency {
            FieldCurrency::Code(code)
                if convertible && self.model.currency.as_ref() != Some(code) =>
            {
                Ok(Money::Converted(currency.clone()))
            }
            FieldCurrency::Code(code) => Ok(Money::AsItStands(Some(code.clone()))),
            FieldCurrency::Field(_) if convertible => Ok(Money::Converted(currency.clone())),
            FieldCurrency::Field(field) => {
                let grouped = dimensions
                    .iter()
                    .any(|d| matches!(d, Dimension::Field(f) if same(f, field)));
                let pinned = window
                    .filter
                    .iter()
                    .chain(&basis.filters)
                    .any(|f| pins(f, field))
                    || declared.as_ref().is_some_and(|f| declares(f, field));
                if grouped || pinned {
                    Ok(Money::AsItStands(None))
                } else {
                    mixed(format!("the amounts of {}", home.label))
                }
            }
        }
    }

    /// Whether amounts of any of the leaves are converted, so that NULL may mean that a rate is
    /// missing.
    pub(super) fn any_converted<'l>(&self, leaves: impl IntoIterator<Item = &'l &'l Leaf>) -> bool {
        self.model.currency_conversion.is_some()
            && leaves.into_iter().any(|leaf| {
                let Leaf::Rows {
                    home, of: Some(of), ..
                } = leaf
                else {
                    return false;
                };
                let mut found = Vec::new();
                if let Some(home) = self.context.graph.dataset(home) {
                    self.declared_currencies(of, home, 0, &mut found);
                }
                !found.is_empty()
            })
    }

    /// Refuses a measure that is made of amounts in several currencies.
    pub(super) fn one_currency(&self, leaves: &[&Leaf]) -> Result<(), QueryError> {
        if self.model.currency_conversion.is_some() && self.model.currency.is_some() {
            return Ok(());
        }
        let mut found = Vec::new();
        for leaf in leaves {
            self.currencies_of(leaf, &mut found)?;
        }
        let mut different: Vec<String> = Vec::new();
        for currency in found {
            let name = match currency {
                FieldCurrency::Code(code) => code,
                FieldCurrency::Field(field) => field.to_string(),
            };
            if !different.contains(&name) {
                different.push(name);
            }
        }
        if different.len() > 1 {
            return Err(QueryError::MixedCurrencies {
                what: "the parts of the measure".into(),
                by: different,
            });
        }
        Ok(())
    }

    /// The currencies that a leaf's amounts are declared to be in.
    fn currencies_of(&self, leaf: &Leaf, found: &mut Vec<FieldCurrency>) -> Result<(), QueryError> {
        match leaf {
            Leaf::Rows {
                home,
                aggregation,
                of: Some(of),
                ..
            } if !matches!(aggregation, Aggregation::Count | Aggregation::CountDistinct) => {
                if let Some(home) = self.context.graph.dataset(home) {
                    self.declared_currencies(of, home, 0, found);
                }
            }
            Leaf::Groups {
                aggregation,
                measure,
                basis,
                ..
            } if *aggregation != Aggregation::Count => {
                for inner in &self.leaves_inside(measure, basis)? {
                    self.currencies_of(inner, found)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Refuses means over groups whose amounts are in several currencies.
    pub(super) fn means_of_one_currency(&self, setting: &Setting) -> Result<(), QueryError> {
        let mut open: Vec<&Having> = setting.query.having.iter().collect();
        while let Some(having) = open.pop() {
            open.extend(&having.or);
            let mut value = &having.value;
            while let Threshold::Times(_, of) = value {
                value = of;
            }
            let within = match value {
                Threshold::AverageOfGroups | Threshold::MedianOfGroups => &[][..],
                Threshold::AverageWithin(within) => within,
                _ => continue,
            };
            let fraction = matches!(
                having.on,
                Part::Pct | Part::Share | Part::Contribution | Part::ShareOfChange
            );
            let Some(tree) = setting.parts.trees.get(having.metric).filter(|_| !fraction) else {
                continue;
            };
            let groups = within
                .iter()
                .filter_map(|i| setting.query.dimensions.get(*i).cloned());
            let groups: Vec<Dimension> = groups.collect();
            let mut used = Vec::new();
            tree.leaves(&mut used);
            for leaf in used {
                self.money_in(&setting.parts.leaves[leaf], &groups, &setting.window)?;
            }
        }
        Ok(())
    }

    /// Refuses amounts of several currencies as [`Compiler::money`] does, also of what is
    /// aggregated over groups.
    pub(super) fn money_in(
        &self,
        leaf: &Leaf,
        groups: &[Dimension],
        window: &Window,
    ) -> Result<(), QueryError> {
        match leaf {
            Leaf::Groups {
                aggregation,
                measure,
                basis,
                ..
            } if *aggregation != Aggregation::Count => self
                .leaves_inside(measure, basis)?
                .iter()
                .try_for_each(|inner| self.money_in(inner, groups, window)),
            _ => self.money(leaf, groups, window).map(|_| ()),
        }
    }

    /// An amount in the model's currency, over the scope's rows.
    pub(super) fn converted(
        &mut self,
        scope: &mut Scope<'m>,
        amount: &str,
        from: &FieldCurrency,
        window: &Window,
    ) -> Result<String, QueryError> {
        let (Some(conversion), Some(target)) =
            (&self.model.currency_conversion, &self.model.currency)
        else {
            return Err(QueryError::Malformed("no conversion of currencies".into()));
        };
        self.context.note(Note::Converted {
            to: target.clone(),
            rate: conversion.policy.clone(),
        });
        let sql = self.sql;
        let source = match from {
            FieldCurrency::Code(code) => sql.text(code),
            FieldCurrency::Field(field) => scope.field(field)?,
        };
        let rates = self.rates(conversion, target)?;
        let mut on = String::new();
        if !matches!(conversion.policy, RatePolicy::Constant(_)) {
            let time = scope.time(window.time.as_ref())?;
            let day = sql.day(&scope.field(&time)?);
            on = match conversion.policy {
                RatePolicy::PeriodAverage => format!(
                    " AND {{}}.month = {}",
                    sql.period(crate::Grain::Month, &day, 1)
                ),
                _ => format!(
                    " AND {{}}.day <= {day} AND ({{}}.next_day IS NULL OR {day} < {{}}.next_day)"
                ),
            };
        }
        let alias = scope.join_once("rates", |alias| {
            format!(
                "LEFT JOIN {rates} AS {alias} ON {source} = {alias}.currency{}",
                on.replace("{}", alias)
            )
        });
        Ok(format!(
            "CASE WHEN {source} = {} THEN {amount} ELSE {} END",
            sql.text(target),
            sql.product(&[amount.to_string(), format!("{alias}.rate")], 2)
        ))
    }

    /// A CTE with one rate per currency and day (or month) into the target; its name.
    fn rates(
        &mut self,
        conversion: &CurrencyConversion,
        target: &str,
    ) -> Result<String, QueryError> {
        let sql = self.sql;
        let mut scope = Scope::unrestricted(&self.context, &conversion.from.dataset)?;
        let from = scope.field(&conversion.from)?;
        let day = sql.day(&scope.field(&conversion.day)?);
        let rate = scope.field(&conversion.rate)?;
        let mut conditions = vec![format!("{rate} IS NOT NULL")];
        if let Some(to) = &conversion.to {
            conditions.push(format!("{} = {}", scope.field(to)?, sql.text(target)));
        }
        let note = format!("rates into {target}");
        if let RatePolicy::Constant(on) = &conversion.policy {
            let on = sql.date(super::calendar::day(on)?);
            conditions.push(format!("{day} <= {on}"));
        }
        // Two rates for one day are one rate.
        let mut select = scope.select(
            vec![
                format!("{from} AS currency"),
                format!("{day} AS day"),
                format!("MAX({rate}) AS rate"),
            ],
            conditions,
        )?;
        select.keys = 2;
        let daily = self.cte("rates_of_days", note.clone(), &select);
        if conversion.policy == RatePolicy::PeriodAverage {
            let month = sql.period(crate::Grain::Month, "day", 1);
            let select = Select {
                columns: vec![
                    "currency".into(),
                    format!("{month} AS month"),
                    format!("{} AS rate", sql.mean("rate", "")),
                ],
                from: format!("FROM {daily}"),
                keys: 2,
                ..Select::default()
            };
            let note = format!("{note}, the mean of each month");
            return Ok(self.cte("rates_of_months", note, &select));
        }
        let ordered = |way: &str| format!("OVER (PARTITION BY currency ORDER BY day {way})");
        if let RatePolicy::Constant(on) = &conversion.policy {
            let latest = self.cte_text(
                "rates_backwards",
                note.clone(),
                format!(
                    "SELECT currency, rate, ROW_NUMBER() {} AS nth FROM {daily}",
                    ordered("DESC")
                ),
            );
            return Ok(self.cte(
                "rates_constant",
                format!("{note} on {on}"),
                &Select::all(&latest, vec!["nth = 1".into()]),
            ));
        }
        Ok(self.cte_text(
            "rates_until_next",
            format!("{note}, each until the next"),
            format!(
                "SELECT currency, day, rate, LEAD(day) {} AS next_day FROM {daily}",
                ordered("ASC")
            ),
        ))
    }
}

fn same(a: &FieldRef, b: &FieldRef) -> bool {
    a.dataset == b.dataset && a.field == b.field
}

/// Whether a filter leaves one value of a field.
fn pins(filter: &Filter, field: &FieldRef) -> bool {
    match filter {
        Filter::And(parts) => parts.iter().any(|p| pins(p, field)),
        Filter::Or(parts) => matches!(&parts[..], [only] if pins(only, field)),
        Filter::Compare {
            field: f,
            op: Operator::Eq,
            value: Literal::Text(_),
        } => same(f, field),
        Filter::In { field: f, values } => values.len() == 1 && same(f, field),
        _ => false,
    }
}

/// The same of a condition of the model.
fn declares(filter: &RowFilter, field: &FieldRef) -> bool {
    match filter {
        RowFilter::And(parts) => parts.iter().any(|p| declares(p, field)),
        RowFilter::Compare {
            field: f,
            op: Operator::Eq,
            value: Literal::Text(_),
        } => same(f, field),
        RowFilter::In { field: f, values } => values.len() == 1 && same(f, field),
        _ => false,
    }
}
