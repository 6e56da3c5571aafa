//! The agents: orchestrator, planner, data engineer, analyst, validator.

pub mod analyst;
mod assistant;
mod engineer;
mod intent;
mod orchestrator;
mod planner;
pub mod validator;

pub use assistant::{Assistant, Conversation, OpenError, Options, Question};
pub use warehouse::Stop;
