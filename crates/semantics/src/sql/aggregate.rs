//! Expressions of metrics: arithmetic over aggregates and over other metrics.

use super::names::Named;
use super::parse::{name_of, parse, shortened};
use super::row::{AGGREGATES, arguments, called, chain, divisor, homed, is_null, number, row_of};
use super::{Inexpressible, Names, condition};
use crate::{Aggregation, CaseBranch, Expression, FieldRef, Relationship, RowFilter};
use sqlparser::ast::{
    BinaryOperator, CastKind, DataType as SqlType, DuplicateTreatment, Expr, Function, FunctionArg,
    FunctionArgExpr, FunctionArguments, OrderBySort, UnaryOperator, Value,
};
use std::collections::VecDeque;

/// An aggregate over the rows of one dataset.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Aggregate {
    pub(crate) dataset: String,
    pub(crate) aggregation: Aggregation,
    pub(crate) expression: Option<Expression>,
    pub(crate) filter: Option<RowFilter>,
}

/// What a metric's text says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum MetricTree {
    Aggregate(Box<Aggregate>),
    /// Another metric, by name.
    Metric(String),
    Number(f64),
    Add(Vec<MetricTree>),
    Subtract(Box<MetricTree>, Box<MetricTree>),
    Multiply(Vec<MetricTree>),
    /// NULL where the right side is 0 or NULL.
    Divide(Box<MetricTree>, Box<MetricTree>),
    Coalesce(Vec<MetricTree>),
}

/// Reads the expression of a metric.
pub(crate) fn metric(
    text: &str,
    names: &Names<'_>,
    relationships: &[Relationship],
) -> Result<MetricTree, Inexpressible> {
    Reader {
        names,
        relationships,
    }
    .read(&parse(text)?)
}

struct Reader<'m> {
    names: &'m Names<'m>,
    relationships: &'m [Relationship],
}

impl Reader<'_> {
    fn read(&self, e: &Expr) -> Result<MetricTree, Inexpressible> {
        if let Some(parts) = name_of(e) {
            return match self.names.resolve(&parts)? {
                Named::Metric(name) => Ok(MetricTree::Metric(name)),
                Named::Field(field) => Err(not_aggregated(&field.to_string())),
                Named::Column(name) => Err(not_aggregated(&name)),
            };
        }
        let all = |op: &BinaryOperator| -> Result<Vec<MetricTree>, Inexpressible> {
            chain(e, op).into_iter().map(|p| self.read(p)).collect()
        };
        match e {
            Expr::Nested(inner) => self.read(inner),
            Expr::Value(v) => match &v.value {
                Value::Number(text, _) => Ok(MetricTree::Number(number(text)?)),
                other => Err(Inexpressible::unsupported(format!(
                    "`{other}` is no number"
                ))),
            },
            Expr::UnaryOp {
                op: UnaryOperator::Minus,
                expr,
            } => Ok(match self.read(expr)? {
                MetricTree::Number(x) => MetricTree::Number(-x),
                other => MetricTree::Multiply(vec![MetricTree::Number(-1.0), other]),
            }),
            Expr::BinaryOp {
                op: op @ BinaryOperator::Plus,
                ..
            } => Ok(MetricTree::Add(all(op)?)),
            Expr::BinaryOp {
                op: op @ BinaryOperator::Multiply,
                ..
            } => Ok(MetricTree::Multiply(all(op)?)),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Minus,
                right,
            } => Ok(MetricTree::Subtract(
                Box::new(self.read(left)?),
                Box::new(self.read(right)?),
            )),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Divide,
                right,
            } => Ok(MetricTree::Divide(
                Box::new(self.read(left)?),
                Box::new(self.read(divisor(right))?),
            )),
            // Quotients are computed in floating point here, so that such a cast adds nothing.
            Expr::Cast {
                kind: CastKind::Cast | CastKind::DoubleColon,
                expr,
                data_type:
                    SqlType::Double(_)
                    | SqlType::DoublePrecision
                    | SqlType::Float(_)
                    | SqlType::Float8
                    | SqlType::Real,
                ..
            } => self.read(expr),
            Expr::Function(function) => self.call(function),
            other => Err(Inexpressible::unsupported(format!(
                "`{}` is more than a metric can hold",
                shortened(&other.to_string())
            ))),
        }
    }

    fn call(&self, function: &Function) -> Result<MetricTree, Inexpressible> {
        let name = called(function);
        if function.over.is_some() {
            return Err(Inexpressible::new(
                "not_expressible",
                format!("{name} is computed over a window"),
                "define the plain metric, and in the overlay one of `type: cumulative` or `growth` over it",
            ));
        }
        if AGGREGATES.contains(&name.as_str()) {
            return self
                .aggregate(&name, function)
                .map(|a| MetricTree::Aggregate(Box::new(a)));
        }
        match (name.as_str(), &arguments(function)[..]) {
            ("MEASURE" | "METRIC", [only]) => match name_of(only) {
                Some(parts) => match self.names.resolve(&parts)? {
                    Named::Metric(name) => Ok(MetricTree::Metric(name)),
                    _ => Err(Inexpressible::new(
                        "unknown_metric",
                        format!("there is no metric `{only}`"),
                        super::names::suggestion(
                            &only.to_string(),
                            self.names.metrics.iter().map(String::as_str),
                        ),
                    )),
                },
                None => Err(Inexpressible::unsupported(format!("`{only}` is no name"))),
            },
            ("COALESCE", given @ [_, _, ..]) => Ok(MetricTree::Coalesce(
                given
                    .iter()
                    .map(|g| self.read(g))
                    .collect::<Result<Vec<_>, _>>()?,
            )),
            ("NULLIF", _) => Err(Inexpressible::new(
                "not_expressible",
                "NULLIF stands elsewhere than in NULLIF(divisor, 0)",
                "division by zero gives NULL by itself; leave NULLIF out or put it under the line",
            )),
            ("ROUND" | "FLOOR" | "CEIL" | "CEILING" | "TRUNC", _) => Err(Inexpressible::new(
                "not_expressible",
                format!("{name} would change the number before it is shown"),
                "leave it out: results are kept exact and rounded where they are shown",
            )),
            (_, given) => Err(Inexpressible::unsupported(format!(
                "the function {name} with {} arguments is not one that is known here",
                given.len()
            ))),
        }
    }

    fn aggregate(&self, name: &str, function: &Function) -> Result<Aggregate, Inexpressible> {
        let FunctionArguments::List(list) = &function.args else {
            return Err(Inexpressible::unsupported(format!(
                "{name} has no arguments"
            )));
        };
        if !list.clauses.is_empty() {
            return Err(Inexpressible::unsupported(format!(
                "`{function}` has clauses inside its parentheses"
            )));
        }
        let distinct = matches!(list.duplicate_treatment, Some(DuplicateTreatment::Distinct));
        let filter = match &function.filter {
            Some(e) => Some(condition::condition_of(e, self.names)?),
            None => None,
        };
        let aggregation = match (name, distinct) {
            ("SUM", false) => Aggregation::Sum,
            ("COUNT", false) => Aggregation::Count,
            // An exact count is never worse than an approximate one.
            ("COUNT", true) | ("APPROX_COUNT_DISTINCT", false) => Aggregation::CountDistinct,
            ("AVG" | "MEAN", false) => Aggregation::Average,
            ("MIN", _) => Aggregation::Min,
            ("MAX", _) => Aggregation::Max,
            ("MEDIAN", false) => Aggregation::Median,
            ("STDDEV" | "STDDEV_SAMP", false) => Aggregation::StandardDeviation,
            ("VAR" | "VARIANCE" | "VAR_SAMP", false) => Aggregation::Variance,
            ("PERCENTILE_CONT", false) => return self.percentile(function, filter),
            ("APPROX_PERCENTILE", false) => {
                let given = arguments(function);
                let [of, at] = given[..] else {
                    return Err(Inexpressible::unsupported(format!(
                        "`{function}` has not two arguments"
                    )));
                };
                return self.homed(percent(at)?, Some(row_of(of, self.names)?), filter);
            }
            (_, true) => {
                return Err(Inexpressible::new(
                    "not_expressible",
                    format!("{name}(DISTINCT …) adds equal values once, which is seldom meant"),
                    "aggregate at the grain at which the value is stored",
                ));
            }
            _ => {
                return Err(Inexpressible::unsupported(format!(
                    "the aggregate {name} is not one that is known here"
                )));
            }
        };
        let [argument] = &list.args[..] else {
            return Err(Inexpressible::unsupported(format!(
                "{name} has {} arguments",
                list.args.len()
            )));
        };
        let FunctionArg::Unnamed(argument) = argument else {
            return Err(Inexpressible::unsupported(format!(
                "`{argument}` is a named argument"
            )));
        };
        match argument {
            FunctionArgExpr::Wildcard if aggregation == Aggregation::Count => {
                self.rows(None, filter)
            }
            FunctionArgExpr::QualifiedWildcard(of) if aggregation == Aggregation::Count => {
                self.rows(Some(&of.to_string()), filter)
            }
            FunctionArgExpr::Expr(e) => {
                let (e, filter) = self.conditional(e, filter)?;
                if aggregation == Aggregation::Count
                    && matches!(e, Expr::Value(v) if matches!(v.value, Value::Number(..)))
                {
                    return self.rows(None, filter);
                }
                self.homed(aggregation, Some(row_of(e, self.names)?), filter)
            }
            other => Err(Inexpressible::unsupported(format!(
                "{name} of `{other}` is not one that is known here"
            ))),
        }
    }

    /// `CASE WHEN condition THEN value END` inside an aggregate aggregates the rows that satisfy
    /// the condition: missing values are never aggregated.
    fn conditional<'e>(
        &self,
        e: &'e Expr,
        filter: Option<RowFilter>,
    ) -> Result<(&'e Expr, Option<RowFilter>), Inexpressible> {
        match e {
            Expr::Nested(inner) => self.conditional(inner, filter),
            Expr::Case {
                operand: None,
                conditions,
                else_result,
                ..
            } if else_result.as_deref().is_none_or(is_null) => match &conditions[..] {
                [only] => {
                    let own = condition::condition_of(&only.condition, self.names)?;
                    let all = match filter {
                        Some(outer) => RowFilter::And(vec![outer, own]),
                        None => own,
                    };
                    Ok((&only.result, Some(all)))
                }
                _ => Ok((e, filter)),
            },
            _ => Ok((e, filter)),
        }
    }

    fn percentile(
        &self,
        function: &Function,
        filter: Option<RowFilter>,
    ) -> Result<Aggregate, Inexpressible> {
        let (given, order) = (arguments(function), &function.within_group);
        let ([at], [key]) = (&given[..], &order[..]) else {
            return Err(Inexpressible::new(
                "not_expressible",
                format!("`{function}` is not of the form that is read here"),
                "write PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY dataset.field)",
            ));
        };
        let mut how = percent(at)?;
        match (&key.options.sort, how) {
            (Some(OrderBySort::Desc), Aggregation::Percentile(p)) => {
                how = Aggregation::Percentile(100 - p);
            }
            (Some(OrderBySort::Using(_)), _) => {
                return Err(Inexpressible::unsupported(format!(
                    "`{key}` is an order of one engine"
                )));
            }
            _ => {}
        }
        self.homed(how, Some(row_of(&key.expr, self.names)?), filter)
    }

    /// A count of the rows of a dataset.
    fn rows(
        &self,
        of: Option<&str>,
        filter: Option<RowFilter>,
    ) -> Result<Aggregate, Inexpressible> {
        let named = match of {
            Some(name) => Some(self.names.dataset(name).ok_or_else(|| {
                Inexpressible::new(
                    "unknown_dataset",
                    format!("there is no dataset `{name}`"),
                    super::names::suggestion(
                        name,
                        self.names.datasets.iter().map(|d| d.name.as_str()),
                    ),
                )
            })?),
            None => None,
        };
        let only = match self.names.datasets {
            [only] => Some(only),
            _ => self.names.home.and_then(|h| self.names.dataset(h)),
        };
        let home = match (named.or(only), &filter) {
            (Some(dataset), _) => dataset.name.clone(),
            (None, Some(filter)) => self.home(&filter.fields())?,
            (None, None) => {
                return Err(Inexpressible::new(
                    "count_of_what",
                    "COUNT(*) does not say of which dataset the rows are",
                    "write COUNT(dataset.key), with the primary key of the dataset",
                ));
            }
        };
        Ok(Aggregate {
            dataset: home,
            aggregation: Aggregation::Count,
            expression: None,
            filter,
        })
    }

    /// The aggregate at its home: the one dataset that has or looks up all that it reads.
    fn homed(
        &self,
        aggregation: Aggregation,
        expression: Option<Expression>,
        filter: Option<RowFilter>,
    ) -> Result<Aggregate, Inexpressible> {
        let home = {
            let mut fields: Vec<&FieldRef> = Vec::new();
            if let Some(e) = &expression {
                fields.extend(e.lookups());
                fields.extend(e.conditions().into_iter().flat_map(RowFilter::fields));
            }
            fields.extend(filter.iter().flat_map(RowFilter::fields));
            if fields.is_empty() {
                return Err(Inexpressible::new(
                    "no_field",
                    "the aggregate reads no field",
                    "aggregate a field, or count rows with COUNT(dataset.key)",
                ));
            }
            self.home(&fields)?
        };
        let dataset = self.names.dataset(&home);
        let expression = expression.map(|e| homed(e, &home));
        // A key is never missing: its count is that of the rows.
        if let (Aggregation::Count, Some(Expression::Field(f)), Some(d)) =
            (aggregation, &expression, dataset)
            && d.primary_key.contains(f)
        {
            return Ok(Aggregate {
                dataset: home,
                aggregation,
                expression: None,
                filter,
            });
        }
        Ok(Aggregate {
            dataset: home,
            aggregation,
            expression,
            filter,
        })
    }

    fn home(&self, fields: &[&FieldRef]) -> Result<String, Inexpressible> {
        let mut named: Vec<&str> = Vec::new();
        for field in fields {
            if !named.contains(&field.dataset.as_str()) {
                named.push(&field.dataset);
            }
        }
        let fitting: Vec<&&str> = named
            .iter()
            .filter(|d| {
                named
                    .iter()
                    .all(|other| looks_up(self.relationships, d, other))
            })
            .collect();
        match &fitting[..] {
            [only] => Ok((**only).to_string()),
            [] => Err(Inexpressible::new(
                "no_common_home",
                format!(
                    "one aggregate reads {}, and none of them looks the others up many-to-one",
                    named.join(" and ")
                ),
                "aggregate each by itself: SUM(a.x) / SUM(b.y), not SUM(a.x / b.y)",
            )),
            many => Err(Inexpressible::new(
                "no_common_home",
                format!(
                    "{} look each other up, so that it is not clear whose rows are aggregated",
                    many.iter().map(|d| **d).collect::<Vec<_>>().join(" and ")
                ),
                "aggregate fields of one of them",
            )),
        }
    }
}

/// Whether a dataset is another one or looks it up, in any number of steps from many to one.
pub(crate) fn looks_up(relationships: &[Relationship], from: &str, to: &str) -> bool {
    let mut open = VecDeque::from([from]);
    let mut seen = vec![from];
    while let Some(at) = open.pop_front() {
        if at == to {
            return true;
        }
        for r in relationships.iter().filter(|r| r.from == at) {
            if !seen.contains(&r.to.as_str()) {
                seen.push(&r.to);
                open.push_back(&r.to);
            }
        }
    }
    false
}

fn not_aggregated(name: &str) -> Inexpressible {
    Inexpressible::new(
        "not_aggregated",
        format!("`{name}` is the value of a row and stands outside an aggregate"),
        format!("write SUM({name}), or what else is meant"),
    )
}

/// A fraction as a whole percentile.
fn percent(e: &Expr) -> Result<Aggregation, Inexpressible> {
    let bad = || {
        Inexpressible::new(
            "not_expressible",
            format!("`{e}` is no whole percentile between 0.01 and 0.99"),
            "write PERCENTILE_CONT(0.9), for instance",
        )
    };
    let Expr::Value(v) = e else { return Err(bad()) };
    let Value::Number(text, _) = &v.value else {
        return Err(bad());
    };
    let percent = number(text)? * 100.0;
    let whole = percent.round();
    if (percent - whole).abs() > 1e-9 || !(1.0..=99.0).contains(&whole) {
        return Err(bad());
    }
    Ok(if whole == 50.0 {
        Aggregation::Median
    } else {
        Aggregation::Percentile(whole as u8)
    })
}

/// An aggregate over the rows that satisfy a condition, in the form that every SQL engine reads:
/// `CASE WHEN condition THEN value END`.
pub(super) fn as_case(expression: Expression, filter: RowFilter) -> Expression {
    Expression::Case {
        branches: vec![CaseBranch {
            when: filter,
            then: expression,
        }],
        otherwise: None,
    }
}
