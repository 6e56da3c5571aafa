//! The agents: orchestrator, planner, data engineer, analyst, validator.

pub mod analyst;
mod assistant;
mod current;
mod data_report;
mod engineer;
mod intent;
mod model_file;
mod orchestrator;
mod planner;
mod turn;
pub mod validator;

pub use assistant::{Assistant, OpenError, Options, Question};
pub use current::CurrentAssistant;
pub use data_report::{ColumnReport, CoverageReport, DataReport, Irregularity, Link, TableReport};
pub use memory::Conversation;
pub use model_file::{check_model, model_alone, model_over_data, read_model};
pub use warehouse::{CacheSettings, Stop};
