//! How far loading is, for whoever waits.

use std::fmt;
use std::sync::Arc;

/// What is being done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage<'a> {
    /// The bytes of a file are looked at for the first time.
    Looking {
        /// The file, as people call it.
        file: &'a str,
        /// Bytes that were looked at.
        done: u64,
        /// Bytes that there are.
        bytes: u64,
    },
    /// Its rows go into a table.
    Loading {
        /// The table's name.
        table: &'a str,
    },
    /// A table is measured.
    Measuring {
        /// The table's name.
        table: &'a str,
        /// Its rows.
        rows: u64,
    },
}

impl fmt::Display for Stage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stage::Looking { file, done, bytes } => {
                write!(f, "{file}: {}%", 100 * done / bytes.max(&1))
            }
            Stage::Loading { table } => write!(f, "{table}: loading"),
            Stage::Measuring { table, rows } => write!(f, "{table}: measuring {rows} rows"),
        }
    }
}

/// What is called for each stage.
type Told = dyn Fn(&Stage<'_>) + Send + Sync;

/// Who is told of each stage; nobody by default. What is told may come often, and from one thread.
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<Told>>);

impl Progress {
    /// Tells this function.
    pub fn to(told: impl Fn(&Stage<'_>) + Send + Sync + 'static) -> Progress {
        Progress(Some(Arc::new(told)))
    }

    pub(crate) fn tell(&self, stage: &Stage<'_>) {
        if let Some(told) = &self.0 {
            told(stage);
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Progress({})", self.0.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_told_in_words() {
        for (stage, expected) in [
            (
                Stage::Looking {
                    file: "sales.csv",
                    done: 1,
                    bytes: 4,
                },
                "sales.csv: 25%",
            ),
            (
                Stage::Looking {
                    file: "empty.csv",
                    done: 0,
                    bytes: 0,
                },
                "empty.csv: 0%",
            ),
            (
                Stage::Measuring {
                    table: "sales",
                    rows: 7,
                },
                "sales: measuring 7 rows",
            ),
        ] {
            assert_eq!(stage.to_string(), expected);
        }
    }
}
