//! An assistant that goes with its files: opened again when they change.

use crate::assistant::{Assistant, OpenError};
use std::sync::{Arc, Mutex, PoisonError};

/// The assistant over what the files hold now. Answers under way keep the tables that they began with.
pub struct CurrentAssistant(Mutex<Arc<Assistant>>);

impl CurrentAssistant {
    /// Goes on from one that is open.
    pub fn new(assistant: Assistant) -> Self {
        CurrentAssistant(Mutex::new(Arc::new(assistant)))
    }

    /// The assistant over the files as they are at this moment. Whoever finds them changed opens them
    /// again; others wait for that.
    ///
    /// # Errors
    /// Why the changed files cannot be opened. The earlier tables answer nothing in their place.
    pub fn get(&self) -> Result<Arc<Assistant>, OpenError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !held.is_current() {
            *held = Arc::new(held.reopen()?);
        }
        Ok(held.clone())
    }
}
