//! New and returning customers.

use super::Compiler;
use super::frame::Window;
use super::scope::Scope;
use super::statement::Select;
use crate::{Dimension, Grain, QueryError};
use semantics::FieldRef;

impl<'m> Compiler<'m> {
    /// `new` or `returning`, for the entity of a row.
    pub(super) fn new_or_returning(
        &mut self,
        scope: &mut Scope<'m>,
        entity: &FieldRef,
        event: &FieldRef,
        grain: Option<Grain>,
        window: &Window,
    ) -> Result<String, QueryError> {
        self.temporal(event)?;
        let mut events = Scope::new(&self.context, &event.dataset)?;
        let who = events.field(entity)?;
        let when = events.field(event)?;
        let firsts = Select {
            keys: 1,
            ..events.select(
                vec![
                    format!("{who} AS entity"),
                    format!("MIN({when}) AS first_event"),
                ],
                vec![format!("{who} IS NOT NULL")],
            )?
        };
        let firsts = self.cte(
            "first_events",
            format!("first {event} of each {entity}"),
            &firsts,
        );
        let start = match grain {
            Some(grain) if grain.is_cyclic() => {
                return Err(QueryError::Malformed(
                    "customers are new in a period, not on a kind of day".into(),
                ));
            }
            // Where periods of another year are moved onto this one, rows stay in their own.
            Some(grain) => {
                // Rows before the range count too, where a level is carried into it.
                let unmoved = Window {
                    moved: None,
                    span: Default::default(),
                    ..window.clone()
                };
                self.dimension(scope, usize::MAX, &Dimension::Time(grain), &unmoved)?
            }
            None => match window.span.start {
                Some(start) => self.sql.date(start),
                None => {
                    return Err(QueryError::Malformed(
                        "without a period no customer is new in it: give a range with a start, or the grain of the periods".into(),
                    ));
                }
            },
        };
        let own = scope.field(entity)?;
        let first = scope.join_once("firsts", |alias| {
            format!("LEFT JOIN {firsts} AS {alias} ON {own} = {alias}.entity")
        });
        Ok(format!(
            "CASE WHEN {first}.first_event >= {start} THEN 'new' WHEN {first}.first_event < {start} THEN 'returning' END"
        ))
    }
}
