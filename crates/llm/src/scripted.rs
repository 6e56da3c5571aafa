//! A model that says what a test makes it say.

use crate::failure::{Failure, Fault};
use crate::models::{Embedding, Models, Piece, Reply, Request};
use crate::money::Money;
use crate::purse::{Allowance, Purse, Spent};
use crate::role::Role;
use crate::structured;
use crate::tokens::estimated_tokens;
use answer::ModelCall;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A request that was made, as the model would have seen it.
pub type SeenRequest = Request;

type Answering = dyn Fn(&Request) -> Result<String, Failure> + Send + Sync;

/// Models in memory for tests and benchmarks: a function plays every role, without delay. Requests
/// are remembered, so that a test can look at what would have left the machine. Budgets, schemas and
/// streams behave as with real models, except that nothing is repaired: a reply that does not fit
/// its schema fails at once.
pub struct Scripted {
    answering: Box<Answering>,
    roles: Vec<Role>,
    may_send_values: bool,
    allowance: Allowance,
    seen: Mutex<Vec<SeenRequest>>,
}

impl std::fmt::Debug for Scripted {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Scripted")
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

impl Scripted {
    /// Models of every role but [`Role::Embed`] that reply what the function says, with a budget of
    /// a million tokens, ten dollars (at one dollar per million tokens) and a minute for a question.
    pub fn new(
        answering: impl Fn(&Request) -> Result<String, Failure> + Send + Sync + 'static,
    ) -> Self {
        Self {
            answering: Box::new(answering),
            roles: Role::ALL
                .into_iter()
                .filter(|role| *role != Role::Embed)
                .collect(),
            may_send_values: true,
            allowance: Allowance {
                tokens: 1_000_000,
                money: Money::from_usd(10.0),
                time: Duration::from_secs(60),
            },
            seen: Mutex::new(Vec::new()),
        }
    }

    /// Offers these roles only.
    #[must_use]
    pub fn with_roles(mut self, roles: impl IntoIterator<Item = Role>) -> Self {
        self.roles = roles.into_iter().collect();
        self
    }

    /// With another budget for a question.
    #[must_use]
    pub fn with_allowance(mut self, allowance: Allowance) -> Self {
        self.allowance = allowance;
        self
    }

    /// In the mode in which no cell value may be sent.
    #[must_use]
    pub fn without_values(mut self) -> Self {
        self.may_send_values = false;
        self
    }

    /// The requests so far, oldest first.
    pub fn seen(&self) -> Vec<SeenRequest> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Models for Scripted {
    fn offers(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    fn may_send_values(&self) -> bool {
        self.may_send_values
    }

    fn purse(&self, _user: &str) -> Purse {
        Purse::new(self.allowance)
    }

    fn ask(
        &self,
        request: &Request,
        purse: &Purse,
        stop: &dyn Fn() -> bool,
        on_text: &mut dyn FnMut(Piece<'_>),
    ) -> Result<Reply, Failure> {
        if !self.offers(request.role) {
            return Err(Failure::new(
                Fault::NotConfigured,
                format!("no model plays the role `{}`", request.role),
            ));
        }
        if stop() {
            return Err(Failure::new(
                Fault::Stopped,
                "stopped before the model was asked",
            ));
        }
        let input = estimated_tokens(&request.system)
            + request
                .messages
                .iter()
                .map(|m| estimated_tokens(&m.text))
                .sum::<u64>();
        let reservation = purse.reserve(cost(input + u64::from(request.max_output_tokens)))?;
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request.clone());
        let text = (self.answering)(request)?;
        let output = estimated_tokens(&text);
        let spent = cost(input + output);
        reservation.settle(spent);
        let calls = vec![ModelCall {
            role: request.role.name().into(),
            provider: "scripted".into(),
            model: "scripted".into(),
            input_tokens: input,
            output_tokens: output,
            cost_usd: spent.money.usd(),
            ms: 0.0,
        }];
        on_text(Piece::Text(&text));
        let value = match &request.schema {
            None => None,
            Some(schema) => Some(structured::parsed(&text, schema).map_err(|fault| {
                Failure::new(
                    Fault::SchemaMismatch,
                    format!("role `{}`: {fault}", request.role),
                )
                .after(calls.clone())
            })?),
        };
        Ok(Reply { text, value, calls })
    }

    fn embed(
        &self,
        _texts: &[String],
        _purse: &Purse,
        _stop: &dyn Fn() -> bool,
    ) -> Result<Embedding, Failure> {
        Err(Failure::new(
            Fault::NotConfigured,
            "no model plays the role `embed`",
        ))
    }
}

fn cost(tokens: u64) -> Spent {
    Spent {
        tokens,
        money: Money::of_tokens(tokens, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::Scripted;
    use crate::failure::Fault;
    use crate::models::{Message, Models, OutputSchema, Piece, Request};
    use crate::money::Money;
    use crate::purse::Allowance;
    use crate::role::Role;
    use serde_json::json;
    use std::time::Duration;

    fn request(schema: bool) -> Request {
        Request {
            role: Role::Query,
            system: "say yes".into(),
            messages: vec![Message::user("well?")],
            schema: schema.then(|| OutputSchema {
                name: "yes".into(),
                json: json!({"type": "object", "required": ["yes"]}),
            }),
            max_output_tokens: 10,
        }
    }

    #[test]
    fn replies_are_streamed_checked_and_counted() {
        let models = Scripted::new(|_| Ok(r#"{"yes": true}"#.into()));
        let purse = models.purse("anna");
        let mut streamed = String::new();
        let reply = models
            .ask(&request(true), &purse, &|| false, &mut |piece| {
                if let Piece::Text(text) = piece {
                    streamed.push_str(text);
                }
            })
            .expect("a reply");
        assert_eq!(streamed, reply.text);
        assert_eq!(reply.value, Some(json!({"yes": true})));
        assert_eq!(reply.calls.len(), 1);
        assert_eq!(
            purse.spent().tokens,
            reply
                .calls
                .iter()
                .map(|c| c.input_tokens + c.output_tokens)
                .sum::<u64>()
        );
        assert_eq!(models.seen(), [request(true)]);
    }

    #[test]
    fn what_goes_wrong_is_typed() {
        let models = Scripted::new(|_| Ok("no".into())).with_roles([Role::Query]);
        let purse = models.purse("anna");
        let asked = |request: &Request, stopped: bool| {
            models
                .ask(request, &purse, &|| stopped, &mut |_| ())
                .map_err(|f| f.fault)
        };
        assert_eq!(asked(&request(true), false), Err(Fault::SchemaMismatch));
        assert_eq!(asked(&request(false), true), Err(Fault::Stopped));
        let other = Request {
            role: Role::Sql,
            ..request(false)
        };
        assert_eq!(asked(&other, false), Err(Fault::NotConfigured));
        let poor = Scripted::new(|_| Ok("no".into())).with_allowance(Allowance {
            tokens: 12,
            money: Money::from_usd(1.0),
            time: Duration::from_secs(5),
        });
        let failure = poor
            .ask(&request(false), &poor.purse("anna"), &|| false, &mut |_| ())
            .expect_err("dearer than its budget");
        assert_eq!(failure.fault, Fault::BudgetSpent);
        assert!(poor.seen().is_empty(), "nothing was sent");
    }
}
