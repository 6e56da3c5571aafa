//! Everything between the agents and a language model: which model plays which role, what it may
//! cost, how its output is kept in shape, and what was said.
//!
//! An agent holds a [`Models`] and knows no more: it takes a [`Purse`] for the question, asks with a
//! [`Request`], and gets a [`Reply`] or a [`Failure`]. Both carry the calls that were paid for; they
//! go into the answer document as they are. The API blocks: a question runs on a thread of its own,
//! and is stopped through a function that says whether to go on.
//!
//! What a model says is a proposal. This crate sees to its form alone (it is JSON, and fits the
//! schema that was asked for); whether it is right, is for the typed query, the guard and the number
//! check to say.

mod call;
mod configuration;
mod failure;
mod http;
mod hub;
mod ledger;
mod models;
mod money;
mod purse;
mod retry;
mod role;
mod scripted;
mod secret;
mod spoke;
mod sse;
mod structured;
mod surroundings;
mod tokens;
mod transcript;
mod wire;

pub use configuration::{
    Budget, Configuration, ConfigurationError, Kind, Model, Provider, Roles, Structured,
};
pub use failure::{Failure, Fault};
pub use hub::Hub;
pub use models::{Author, Embedding, Message, Models, OutputSchema, Piece, Reply, Request};
pub use money::Money;
pub use purse::{Allowance, Purse, Reservation, Spent};
pub use role::Role;
pub use scripted::{Scripted, SeenRequest};
pub use surroundings::{Environment, Surroundings};
pub use tokens::estimated_tokens;
pub use transcript::Replay;
