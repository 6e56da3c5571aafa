//! SQL from outside, clause by clause: what is not named here is refused.

use crate::bounds::{self, Bounds};
use crate::functions::{self, Kind};
use crate::joins::{self, Edges};
use crate::scope::{self, Columns, Frame, Relation, Rows, Source};
use crate::{Dialect, Refusal, Schema, names, recursion};
use sqlparser::ast::{
    Cte, Distinct, Expr, ExprWithAlias, GroupByExpr, Join, JoinConstraint, JoinOperator,
    LimitClause, ObjectName, ObjectNamePart, OrderBy, OrderByKind, PivotValueSource, Query, Select,
    SelectItem, SelectItemQualifiedWildcardKind, SetExpr, SetQuantifier, Statement, TableAlias,
    TableFactor, TableWithJoins, TopQuantity, Visit, Visitor, WildcardAdditionalOptions,
};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Most columns of a SELECT.
const WIDEST: usize = 1000;
/// Most common table expressions of a statement.
const STEPS: usize = 100;
/// Rows that a LIMIT may state to count as few.
const FEW: f64 = 1000.0;

pub(crate) fn refuse<T>(
    code: &'static str,
    reason: impl Into<String>,
    fix: &str,
) -> Result<T, Refusal> {
    Err(Refusal::new(code, reason, fix))
}

fn clause<T>(what: &str) -> Result<T, Refusal> {
    refuse("clause", what, "Write a plain SELECT.")
}

/// The refusal of a statement that is no query.
pub(crate) fn not_select(statement: &Statement) -> Refusal {
    let kind = statement
        .to_string()
        .split_whitespace()
        .next()
        .unwrap_or("")
        .to_uppercase();
    Refusal::new(
        "statement",
        format!("{kind} is not a SELECT"),
        "Only reading with SELECT is allowed.",
    )
}

/// Parts of a name without their quotation marks.
pub(crate) fn parts(name: &ObjectName) -> Vec<String> {
    name.0
        .iter()
        .map(|p| match p {
            ObjectNamePart::Identifier(ident) => ident.value.clone(),
            ObjectNamePart::Function(f) => f.name.value.clone(),
        })
        .collect()
}

/// The refusal of a name in text quotes, or one that is computed.
pub(crate) fn file_or_url(name: &ObjectName) -> Option<Refusal> {
    let odd = name.0.iter().any(|p| match p {
        ObjectNamePart::Identifier(i) => i.quote_style == Some('\''),
        ObjectNamePart::Function(_) => true,
    });
    odd.then(|| {
        Refusal::new(
            "file_or_url",
            format!("{name} is not the name of a table"),
            "Read the tables of the model only.",
        )
    })
}

/// Refuses a statement unless every part of it is allowed; gives the tables of the schema that it
/// reads.
pub(crate) fn statement(
    statement: &Statement,
    dialect: Dialect,
    schema: Option<&Schema>,
) -> Result<BTreeSet<String>, Refusal> {
    let Statement::Query(query) = statement else {
        return Err(not_select(statement));
    };
    let mut walk = Walk {
        dialect,
        schema,
        ctes: Vec::new(),
        steps: 0,
        frames: Vec::new(),
        outermost: usize::MAX,
        bounds: Bounds::default(),
        stored: BTreeSet::new(),
    };
    walk.query(query)?;
    Ok(walk.stored)
}

pub(crate) struct Walk<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) schema: Option<&'a Schema>,
    /// Common table expressions in sight, a list for each query that is open.
    ctes: Vec<Vec<(String, Relation)>>,
    steps: usize,
    pub(crate) frames: Vec<Frame>,
    /// The outermost frame that a name was found in since this was last set.
    pub(crate) outermost: usize,
    pub(crate) bounds: Bounds,
    /// Tables of the schema that were read so far.
    stored: BTreeSet<String>,
}

impl Walk<'_> {
    pub(crate) fn query(&mut self, query: &Query) -> Result<Relation, Refusal> {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        if !locks.is_empty() {
            return refuse("lock", "the query locks rows", "Leave FOR UPDATE out.");
        }
        if for_clause.is_some()
            || settings.is_some()
            || format_clause.is_some()
            || !pipe_operators.is_empty()
        {
            return clause("a clause that is not read");
        }
        self.ctes.push(Vec::new());
        if let Some(with) = with {
            for (i, cte) in with.cte_tables.iter().enumerate() {
                self.step(cte, &with.cte_tables[i + 1..], with.recursive)?;
            }
        }
        let mut relation = match body.as_ref() {
            SetExpr::Select(select) => self.select(select, order_by.as_ref())?,
            other => {
                let relation = self.set(other)?;
                if let Some(order) = order_by {
                    let source = Source {
                        names: Vec::new(),
                        relation: relation.clone(),
                        lateral: false,
                    };
                    self.frames.push(Frame {
                        sources: vec![source],
                        ..Frame::default()
                    });
                    let sorted = self.order(order);
                    self.frames.pop();
                    sorted?;
                }
                relation
            }
        };
        self.ctes.pop();
        let mut limits = Vec::new();
        match limit_clause {
            Some(LimitClause::LimitOffset {
                limit,
                offset,
                limit_by,
            }) => {
                if !limit_by.is_empty() {
                    return clause("LIMIT BY is not read");
                }
                limits.extend(limit);
                if let Some(offset) = offset {
                    literal(&offset.value)?;
                }
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => {
                literal(offset)?;
                limits.push(limit);
            }
            None => {}
        }
        if let Some(fetch) = fetch
            && !fetch.percent
        {
            limits.extend(&fetch.quantity);
        }
        for limit in limits {
            let n = literal(limit)?;
            let rows = match n {
                n if n <= 1.0 => Rows::One,
                n if n <= FEW => Rows::Few,
                _ => Rows::Many,
            };
            relation.rows = relation.rows.min(rows);
        }
        Ok(relation)
    }

    /// A common table expression; `later` are those defined after it.
    fn step(&mut self, cte: &Cte, later: &[Cte], recursive: bool) -> Result<(), Refusal> {
        self.steps += 1;
        if self.steps > STEPS {
            return refuse(
                "too_deep",
                format!("more than {STEPS} common table expressions"),
                "Write fewer steps.",
            );
        }
        if cte.from.is_some() {
            return clause("a common table expression with FROM");
        }
        let name = cte.alias.name.value.to_lowercase();
        let endless = || {
            refuse(
                "recursion",
                format!("nothing ends the recursion of `{name}`"),
                "Count up to a literal, or follow keys with UNION.",
            )
        };
        // Snowflake needs no RECURSIVE where branches are united.
        let united = matches!(cte.query.body.as_ref(), SetExpr::SetOperation { .. });
        let recursive = recursive || (united && self.dialect == Dialect::Snowflake);
        if recursive
            && later
                .iter()
                .any(|c| recursion::reads(&*cte.query, &c.alias.name.value.to_lowercase()) > 0)
        {
            return endless();
        }
        let own = recursive && recursion::reads(&*cte.query, &name) > 0;
        if own {
            let Some(anchor) = recursion::anchor(&cte.query).filter(|_| recursion::ends(cte))
            else {
                return endless();
            };
            let mut first = self.set(anchor)?;
            rename(&mut first, &cte.alias)?;
            if let Some(list) = self.ctes.last_mut() {
                list.push((name.clone(), first));
            }
        }
        let mut relation = self.query(&cte.query)?;
        rename(&mut relation, &cte.alias)?;
        if let Some(list) = self.ctes.last_mut() {
            list.retain(|(n, _)| *n != name);
            list.push((name, relation));
        }
        Ok(())
    }

    fn set(&mut self, body: &SetExpr) -> Result<Relation, Refusal> {
        match body {
            SetExpr::Select(select) => self.select(select, None),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation {
                left,
                right,
                set_quantifier,
                ..
            } => {
                let mut relation = self.set(left)?;
                let other = self.set(right)?;
                let by_name = matches!(
                    set_quantifier,
                    SetQuantifier::ByName
                        | SetQuantifier::AllByName
                        | SetQuantifier::DistinctByName
                );
                if by_name {
                    relation.columns = joined([&relation.columns, &other.columns]);
                }
                relation.rows = relation.rows.max(other.rows).max(Rows::Few);
                relation.tables.extend(other.tables);
                Ok(relation)
            }
            SetExpr::Values(values) => {
                let mut width = 0;
                for row in &values.rows {
                    width = width.max(row.content.len());
                    self.exprs(&row.content)?;
                }
                Ok(Relation {
                    columns: Columns::Known(
                        (0..=width)
                            .flat_map(|i| [format!("col{i}"), format!("column{i}")])
                            .collect(),
                    ),
                    rows: Rows::Few,
                    tables: BTreeSet::new(),
                })
            }
            SetExpr::Table(_) => refuse(
                "statement",
                "TABLE is a short form that is not read",
                "Write SELECT … FROM …",
            ),
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                refuse(
                    "statement",
                    "a query that writes",
                    "Only reading with SELECT is allowed.",
                )
            }
        }
    }

    fn select(&mut self, select: &Select, order: Option<&OrderBy>) -> Result<Relation, Refusal> {
        let Select {
            select_token: _,
            optimizer_hints,
            distinct,
            select_modifiers,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor: _,
        } = select;
        if into.is_some() {
            return refuse("statement", "SELECT INTO writes a table", "Leave INTO out.");
        }
        if !optimizer_hints.is_empty() {
            return refuse("hint_comment", "a hint to the engine", "Leave it out.");
        }
        if select_modifiers.is_some()
            || exclude.is_some()
            || !lateral_views.is_empty()
            || prewhere.is_some()
            || !connect_by.is_empty()
            || !cluster_by.is_empty()
            || !distribute_by.is_empty()
            || !sort_by.is_empty()
            || value_table_mode.is_some()
        {
            return clause("a clause that is not read");
        }
        if projection.len() > WIDEST {
            return refuse(
                "too_long",
                format!("more than {WIDEST} columns"),
                "Select fewer columns.",
            );
        }
        self.frames.push(Frame::default());
        let mut edges = Edges::new();
        let mut conditions = Vec::new();
        for tables in from {
            self.tables(tables, &mut edges, &mut conditions)?;
        }
        for item in projection {
            self.item(item)?;
        }
        if let Some(condition) = selection {
            self.expr(condition)?;
            conditions.push(condition);
        }
        for condition in conditions {
            edges.extend(joins::edges(condition, &self.frames));
        }
        if let Some(frame) = self.frames.last_mut() {
            joins::held_together(frame, &edges)?;
            frame.aliases = projection.iter().filter_map(output).collect();
            frame.aliases_visible = true;
        }
        let mut grouped = false;
        match group_by {
            GroupByExpr::All(_) => grouped = true,
            GroupByExpr::Expressions(keys, _) => {
                grouped |= !keys.is_empty();
                self.exprs(keys)?;
            }
        }
        if let Some(Distinct::On(keys)) = distinct {
            self.exprs(keys)?;
        }
        for window in named_window {
            if let sqlparser::ast::NamedWindowExpr::WindowSpec(spec) = &window.1 {
                self.window(spec)?;
            }
        }
        for condition in having.iter().chain(qualify) {
            self.expr(condition)?;
        }
        if let Some(order) = order {
            self.order(order)?;
        }
        let mut limited = None;
        if let Some(top) = top {
            limited = match &top.quantity {
                Some(TopQuantity::Expr(n)) => Some(literal(n)?),
                Some(TopQuantity::Constant(n)) => Some(*n as f64),
                None => None,
            };
        }
        let Some(frame) = self.frames.pop() else {
            return clause("a SELECT without a scope");
        };
        let most = frame.sources.iter().map(|s| s.relation.rows).max();
        let rows = if grouped {
            Rows::Grouped
        } else if projection.iter().any(|p| self.aggregates(p)) || limited == Some(1.0) {
            Rows::One
        } else if matches!(distinct, Some(Distinct::Distinct | Distinct::On(_))) {
            Rows::Grouped.min(most.unwrap_or(Rows::One))
        } else {
            most.unwrap_or(Rows::One)
        };
        Ok(Relation {
            columns: outputs(projection, &frame),
            rows,
            tables: frame
                .sources
                .iter()
                .flat_map(|s| s.relation.tables.clone())
                .collect(),
        })
    }

    /// Whether an item is an aggregate of all rows.
    fn aggregates(&self, item: &SelectItem) -> bool {
        struct Find(Dialect);
        impl Visitor for Find {
            type Break = ();
            fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
                ControlFlow::Continue(())
            }
            fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
                match expr {
                    Expr::Function(f) if f.over.is_none() => {
                        let name = f.name.to_string().to_lowercase();
                        match functions::kind(&name, self.0) {
                            Some(Kind::Aggregate | Kind::Collect) => ControlFlow::Break(()),
                            _ => ControlFlow::Continue(()),
                        }
                    }
                    _ => ControlFlow::Continue(()),
                }
            }
        }
        let expr = match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => expr,
            _ => return false,
        };
        // An aggregate within a sub-query is not one of these rows.
        !matches!(expr, Expr::Subquery(_)) && expr.visit(&mut Find(self.dialect)).is_break()
    }

    fn item(&mut self, item: &SelectItem) -> Result<(), Refusal> {
        match item {
            SelectItem::UnnamedExpr(expr)
            | SelectItem::ExprWithAlias { expr, .. }
            | SelectItem::ExprWithAliases { expr, .. } => self.expr(expr),
            SelectItem::Wildcard(options) => plain_star(options),
            SelectItem::QualifiedWildcard(kind, options) => {
                plain_star(options)?;
                match kind {
                    SelectItemQualifiedWildcardKind::ObjectName(name) => {
                        let name = parts(name).join(".").to_lowercase();
                        match scope::source(&self.frames, &name) {
                            Some(_) => Ok(()),
                            None => refuse(
                                "unknown_table",
                                format!("`{name}` is not in FROM"),
                                "Name a table of FROM.",
                            ),
                        }
                    }
                    SelectItemQualifiedWildcardKind::Expr(_) => clause("all parts of a value"),
                }
            }
        }
    }

    pub(crate) fn order(&mut self, order: &OrderBy) -> Result<(), Refusal> {
        if order.interpolate.is_some() {
            return clause("INTERPOLATE is not read");
        }
        match &order.kind {
            OrderByKind::All(_) => Ok(()),
            OrderByKind::Expressions(keys) => self.keys(keys),
        }
    }

    fn tables<'q>(
        &mut self,
        tables: &'q TableWithJoins,
        edges: &mut Edges,
        conditions: &mut Vec<&'q Expr>,
    ) -> Result<(), Refusal> {
        self.factor(&tables.relation, edges, conditions)?;
        for join in &tables.joins {
            self.join(join, edges, conditions)?;
        }
        Ok(())
    }

    fn join<'q>(
        &mut self,
        join: &'q Join,
        edges: &mut Edges,
        conditions: &mut Vec<&'q Expr>,
    ) -> Result<(), Refusal> {
        if join.global {
            return clause("a GLOBAL join");
        }
        let constraint = match &join.join_operator {
            JoinOperator::Join(c)
            | JoinOperator::Inner(c)
            | JoinOperator::Left(c)
            | JoinOperator::LeftOuter(c)
            | JoinOperator::Right(c)
            | JoinOperator::RightOuter(c)
            | JoinOperator::FullOuter(c)
            | JoinOperator::CrossJoin(c)
            | JoinOperator::Semi(c)
            | JoinOperator::LeftSemi(c)
            | JoinOperator::RightSemi(c)
            | JoinOperator::Anti(c)
            | JoinOperator::LeftAnti(c)
            | JoinOperator::RightAnti(c)
            | JoinOperator::StraightJoin(c) => c,
            JoinOperator::AsOf {
                match_condition,
                constraint,
            } => {
                self.factor(&join.relation, edges, conditions)?;
                self.expr(match_condition)?;
                return self.constraint(constraint, edges, conditions);
            }
            JoinOperator::CrossApply
            | JoinOperator::OuterApply
            | JoinOperator::ArrayJoin
            | JoinOperator::LeftArrayJoin
            | JoinOperator::InnerArrayJoin => return clause("a join that is not read"),
        };
        self.factor(&join.relation, edges, conditions)?;
        self.constraint(constraint, edges, conditions)
    }

    fn constraint<'q>(
        &mut self,
        constraint: &'q JoinConstraint,
        edges: &mut Edges,
        conditions: &mut Vec<&'q Expr>,
    ) -> Result<(), Refusal> {
        let last = self.frames.last().map_or(0, |f| f.sources.len());
        match constraint {
            JoinConstraint::On(condition) => {
                self.expr(condition)?;
                conditions.push(condition);
            }
            JoinConstraint::Using(columns) => {
                for column in columns {
                    self.path(&parts(column))?;
                }
                if last > 1 {
                    edges.insert((last - 2, last - 1));
                }
            }
            JoinConstraint::Natural => {
                let known = self
                    .frames
                    .last()
                    .is_some_and(|f| f.sources.iter().all(joins::known));
                if self.schema.is_some() && known {
                    return clause("NATURAL joins on columns that are not named");
                }
                if last > 1 {
                    edges.insert((last - 2, last - 1));
                }
            }
            JoinConstraint::None => {}
        }
        Ok(())
    }

    fn factor<'q>(
        &mut self,
        factor: &'q TableFactor,
        edges: &mut Edges,
        conditions: &mut Vec<&'q Expr>,
    ) -> Result<(), Refusal> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                if args.is_some() || *with_ordinality {
                    return table_function(&name.to_string());
                }
                if version.is_some()
                    || sample.is_some()
                    || json_path.is_some()
                    || !with_hints.is_empty()
                    || !index_hints.is_empty()
                    || !partitions.is_empty()
                {
                    return refuse(
                        "clause",
                        "time travel, samples and hints are not read",
                        "Read the table as it is.",
                    );
                }
                let (mut relation, mut names) = self.relation(name)?;
                if let Some(alias) = alias {
                    let stored =
                        self.schema.is_some() && !names.is_empty() && relation.rows == Rows::Many;
                    if stored && !alias.columns.is_empty() {
                        return clause("columns of a table named anew");
                    }
                    rename(&mut relation, alias)?;
                    names = vec![alias.name.value.to_lowercase()];
                }
                self.push(names, relation, false);
            }
            TableFactor::Derived {
                lateral,
                subquery,
                alias,
                sample,
            } => {
                if sample.is_some() {
                    return clause("samples are not read");
                }
                let depth = self.frames.len().saturating_sub(1);
                let before = std::mem::replace(&mut self.outermost, usize::MAX);
                let mut relation = self.query(subquery)?;
                let reads_before = *lateral && self.outermost <= depth;
                self.outermost = self.outermost.min(before);
                let mut names = Vec::new();
                if let Some(alias) = alias {
                    rename(&mut relation, alias)?;
                    names.push(alias.name.value.to_lowercase());
                }
                self.push(names, relation, reads_before);
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => {
                if alias.is_some() {
                    return clause("a join with a name of its own");
                }
                self.tables(table_with_joins, edges, conditions)?;
            }
            TableFactor::UNNEST {
                alias,
                array_exprs,
                with_offset: _,
                with_offset_alias,
                with_ordinality: _,
            } => {
                self.exprs(array_exprs)?;
                let mut columns = vec![
                    "unnest".to_string(),
                    "offset".to_string(),
                    "ordinality".to_string(),
                ];
                columns.extend(with_offset_alias.iter().map(|a| a.value.to_lowercase()));
                let mut names = Vec::new();
                if let Some(alias) = alias {
                    names.push(alias.name.value.to_lowercase());
                    columns.push(alias.name.value.to_lowercase());
                    columns.extend(alias.columns.iter().map(|c| c.name.value.to_lowercase()));
                }
                let relation = Relation {
                    columns: Columns::Members(columns),
                    rows: Rows::Few,
                    tables: BTreeSet::new(),
                };
                self.push(names, relation, true);
            }
            TableFactor::Pivot {
                table,
                aggregate_functions,
                value_column,
                value_source,
                default_on_null,
                alias,
            } => {
                let PivotValueSource::List(values) = value_source else {
                    return clause("a PIVOT whose columns come from the data");
                };
                let at = self.frames.last().map_or(0, |f| f.sources.len());
                self.factor(table, edges, conditions)?;
                self.named(aggregate_functions)?;
                self.exprs(value_column)?;
                self.named(values)?;
                if let Some(default) = default_on_null {
                    self.expr(default)?;
                }
                let labels = |list: &[ExprWithAlias]| -> Vec<String> {
                    list.iter()
                        .map(|e| match &e.alias {
                            Some(alias) => alias.value.to_lowercase(),
                            None => e.expr.to_string().trim_matches('\'').to_lowercase(),
                        })
                        .collect()
                };
                let (values, functions) = (labels(values), labels(aggregate_functions));
                let mut made: Vec<String> = values
                    .iter()
                    .flat_map(|v| {
                        functions.iter().flat_map(move |f| {
                            [format!("{v}_{f}"), format!("{f}_{v}"), format!("'{v}'")]
                        })
                    })
                    .collect();
                made.extend(values);
                self.reshaped(at, alias.as_ref(), made)?;
            }
            TableFactor::Unpivot {
                table,
                value,
                name,
                columns,
                null_inclusion: _,
                alias,
            } => {
                let at = self.frames.last().map_or(0, |f| f.sources.len());
                self.factor(table, edges, conditions)?;
                self.named(columns)?;
                let made = vec![value.to_string().to_lowercase(), name.value.to_lowercase()];
                self.reshaped(at, alias.as_ref(), made)?;
            }
            TableFactor::TableFunction { expr, .. } => return table_function(&expr.to_string()),
            TableFactor::Function { name, .. } => return table_function(&name.to_string()),
            TableFactor::JsonTable { .. }
            | TableFactor::OpenJsonTable { .. }
            | TableFactor::XmlTable { .. }
            | TableFactor::UnpivotExpr { .. }
            | TableFactor::MatchRecognize { .. }
            | TableFactor::SemanticView { .. } => return table_function("…"),
        }
        Ok(())
    }

    /// A PIVOT or UNPIVOT in the place of the source at `at`: its columns, and new ones.
    fn reshaped(
        &mut self,
        at: usize,
        alias: Option<&TableAlias>,
        made: Vec<String>,
    ) -> Result<(), Refusal> {
        let Some(frame) = self.frames.last_mut() else {
            return Ok(());
        };
        let [source] = &mut frame.sources[at..] else {
            return clause("a PIVOT over a join");
        };
        if let Columns::Known(list) | Columns::Members(list) = &mut source.relation.columns {
            list.extend(made);
        }
        source.relation.rows = source.relation.rows.max(Rows::Grouped);
        if let Some(alias) = alias {
            rename(&mut source.relation, alias)?;
            source.names = vec![alias.name.value.to_lowercase()];
        }
        Ok(())
    }

    fn named(&mut self, list: &[ExprWithAlias]) -> Result<(), Refusal> {
        list.iter().try_for_each(|e| self.expr(&e.expr))
    }

    fn push(&mut self, names: Vec<String>, relation: Relation, lateral: bool) {
        if let Some(frame) = self.frames.last_mut() {
            frame.sources.push(Source {
                names,
                relation,
                lateral,
            });
        }
    }

    /// A table by its name, and the names that may stand before its columns.
    fn relation(&mut self, name: &ObjectName) -> Result<(Relation, Vec<String>), Refusal> {
        if let Some(refusal) = file_or_url(name) {
            return Err(refusal);
        }
        let mut list = parts(name);
        if self.dialect == Dialect::BigQuery {
            // A whole path stands in one pair of backticks.
            list = list
                .iter()
                .flat_map(|p| p.split('.'))
                .map(String::from)
                .collect();
        }
        let joined = list.join(".").to_lowercase();
        let last = list.last().map(|p| p.to_lowercase()).unwrap_or_default();
        if list.len() == 1
            && let Some((_, relation)) = self
                .ctes
                .iter()
                .rev()
                .find_map(|open| open.iter().rev().find(|(n, _)| *n == joined))
        {
            return Ok((relation.clone(), vec![joined]));
        }
        // A quoted name with a dot in it is one part, not a schema and a table.
        let whole = list.iter().all(|p| !p.contains('.'));
        let stored = self
            .schema
            .filter(|_| whole)
            .and_then(|s| s.tables.get(&joined));
        let columns = match (stored, self.schema) {
            (Some(columns), _) => {
                self.stored.insert(joined.clone());
                Columns::Known(columns.clone())
            }
            (None, schema) => {
                names::relation(&list)?;
                if schema.is_some() {
                    return refuse(
                        "unknown_table",
                        format!("there is no table `{joined}` in the model"),
                        "Use a table of the model.",
                    );
                }
                Columns::Open
            }
        };
        let relation = Relation {
            columns,
            rows: Rows::Many,
            tables: BTreeSet::from([last.clone()]),
        };
        Ok((relation, vec![last, joined]))
    }
}

fn table_function<T>(name: &str) -> Result<T, Refusal> {
    refuse(
        "table_function",
        format!("`{name}` is a table function"),
        "Read the tables of the model only.",
    )
}

/// A literal number of rows.
fn literal(expr: &Expr) -> Result<f64, Refusal> {
    match bounds::number(expr) {
        Some(n) => Ok(n),
        None => clause("a limit that is no literal number"),
    }
}

fn plain_star(options: &WildcardAdditionalOptions) -> Result<(), Refusal> {
    let WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike,
        opt_exclude,
        opt_except,
        opt_replace,
        opt_rename,
        opt_alias,
    } = options;
    if opt_ilike.is_some()
        || opt_exclude.is_some()
        || opt_except.is_some()
        || opt_replace.is_some()
        || opt_rename.is_some()
        || opt_alias.is_some()
    {
        return refuse(
            "star",
            "`*` with exceptions reads columns that are not named",
            "Name the columns.",
        );
    }
    Ok(())
}

/// Gives a relation's columns the names of its alias.
fn rename(relation: &mut Relation, alias: &TableAlias) -> Result<(), Refusal> {
    if alias.at.is_some() {
        return clause("an alias with AT");
    }
    let mut listed: Vec<String> = alias
        .columns
        .iter()
        .map(|c| c.name.value.to_lowercase())
        .collect();
    if listed.is_empty() {
        return Ok(());
    }
    if let Columns::Known(list) | Columns::Members(list) = &relation.columns {
        listed.extend(list.iter().skip(listed.len()).cloned());
        relation.columns = Columns::Known(listed);
    }
    Ok(())
}

fn joined<'a>(all: impl IntoIterator<Item = &'a Columns>) -> Columns {
    let mut known = Vec::new();
    for columns in all {
        match columns {
            Columns::Open => return Columns::Open,
            Columns::Known(list) | Columns::Members(list) => known.extend(list.iter().cloned()),
        }
    }
    Columns::Known(known)
}

/// The name that an item gives its column, where the statement says it.
fn output(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.to_lowercase()),
        SelectItem::UnnamedExpr(expr) => column_name(expr),
        _ => None,
    }
}

fn column_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(name) => Some(name.value.to_lowercase()),
        Expr::CompoundIdentifier(path) => path.last().map(|p| p.value.to_lowercase()),
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => column_name(inner),
        Expr::Function(f) => Some(f.name.to_string().to_lowercase()),
        _ => None,
    }
}

fn outputs(projection: &[SelectItem], frame: &Frame) -> Columns {
    let mut known = Vec::new();
    for item in projection {
        match item {
            SelectItem::ExprWithAliases { aliases, .. } => {
                known.extend(aliases.iter().map(|a| a.value.to_lowercase()));
            }
            SelectItem::Wildcard(_) => {
                match joined(frame.sources.iter().map(|s| &s.relation.columns)) {
                    Columns::Known(list) => known.extend(list),
                    open => return open,
                }
            }
            SelectItem::QualifiedWildcard(kind, _) => {
                let SelectItemQualifiedWildcardKind::ObjectName(name) = kind else {
                    return Columns::Open;
                };
                let name = parts(name).join(".").to_lowercase();
                let source = frame.sources.iter().find(|s| s.names.contains(&name));
                match source.map(|s| &s.relation.columns) {
                    Some(Columns::Known(list) | Columns::Members(list)) => {
                        known.extend(list.iter().cloned());
                    }
                    Some(Columns::Open) => return Columns::Open,
                    None => {}
                }
            }
            other => known.push(output(other).unwrap_or_default()),
        }
    }
    Columns::Known(known)
}
