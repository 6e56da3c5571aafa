//! Keys that are used and never shown.

use std::path::Path;

/// A key. Shows as `[redacted]` wherever it is printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// From a file, without the white space around it.
    pub(crate) fn from_file(path: &Path) -> std::io::Result<Self> {
        Ok(Self(std::fs::read_to_string(path)?.trim().to_owned()))
    }

    /// The key itself, for the request alone.
    pub(crate) fn exposed(&self) -> &str {
        &self.0
    }

    /// The key behind a word such as `Bearer`.
    pub(crate) fn behind(&self, word: &str) -> Self {
        Self(format!("{word} {}", self.0))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("[redacted]")
    }
}

/// Takes known keys out of texts that leave the crate: what a provider says in an error, transcripts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Redactor(Vec<Secret>);

impl Redactor {
    pub(crate) fn add(&mut self, secret: Secret) {
        // An empty or tiny key would be found everywhere.
        if secret.0.len() >= 4 {
            self.0.push(secret);
        }
    }

    pub(crate) fn redacted(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| {
            if text.contains(&secret.0) {
                text.replace(&secret.0, "[redacted]")
            } else {
                text
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Redactor, Secret};

    #[test]
    fn keys_do_not_show() {
        let key = Secret::new("sk-12345");
        assert_eq!(format!("{key:?}"), "[redacted]");
        let mut redactor = Redactor::default();
        redactor.add(key);
        redactor.add(Secret::new(""));
        assert_eq!(
            redactor.redacted("Incorrect API key provided: sk-12345."),
            "Incorrect API key provided: [redacted]."
        );
        assert!(!format!("{redactor:?}").contains("12345"));
    }
}
