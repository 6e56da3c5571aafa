//! The agents: orchestrator, planner, data engineer, analyst, validator.

pub mod analyst;
mod assistant;
mod data_report;
mod engineer;
mod intent;
mod model_file;
mod orchestrator;
mod planner;
pub mod validator;

pub use assistant::{Assistant, Conversation, OpenError, Options, Question};
pub use data_report::{ColumnReport, CoverageReport, DataReport, Irregularity, Link, TableReport};
pub use model_file::{check_model, model_alone, model_over_data, read_model};
pub use warehouse::Stop;
