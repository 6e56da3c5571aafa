//! Why a text is no expression of ours.

/// A refusal, with a stable code and a way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inexpressible {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) fix: String,
}

impl Inexpressible {
    pub(crate) fn new(
        code: &'static str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Inexpressible {
        Inexpressible {
            code,
            message: message.into(),
            fix: fix.into(),
        }
    }

    /// Something that SQL has and our trees have not.
    pub(crate) fn unsupported(what: impl Into<String>) -> Inexpressible {
        Inexpressible::new(
            "not_expressible",
            what,
            "compute it in the table or in the dataset's source query, and refer to the column",
        )
    }
}
