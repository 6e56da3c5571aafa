//! The agents: orchestrator, planner, data engineer, analyst, validator.

pub mod analyst;
mod assistant;
pub mod validator;

pub use assistant::{Assistant, Conversation, OpenError, Options, Question};
