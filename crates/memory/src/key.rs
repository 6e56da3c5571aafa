//! Whose conversation, and which.

/// Who a conversation belongs to. It comes from the caller's identity, never from a request's text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner(String);

impl Owner {
    /// A person or tenant that was identified.
    pub fn named(name: &str) -> Owner {
        Owner(name.to_string())
    }

    /// The user of this machine, for callers on the loopback address and the command line. It names
    /// the machine too, so that people who share one Redis do not share conversations.
    pub fn of_this_machine() -> Owner {
        let user = std::env::var("USER")
            .or_else(|_| std::env::var("LOGNAME"))
            .unwrap_or_default();
        let machine = std::fs::read_to_string("/etc/hostname")
            .or_else(|_| std::env::var("HOSTNAME"))
            .unwrap_or_default();
        Owner(format!("local:{user}@{}", machine.trim()))
    }

    /// As stated.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// A conversation of an owner.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Whose.
    pub owner: Owner,
    /// Which of theirs, as the caller named it.
    pub id: String,
}

impl Key {
    /// Of that owner, by that name.
    pub fn new(owner: &Owner, id: &str) -> Key {
        Key {
            owner: owner.clone(),
            id: id.to_string(),
        }
    }

    /// The owner as 32 hexadecimal digits.
    pub(crate) fn owner_part(&self) -> String {
        digits(&[&self.owner.0])
    }

    /// Owner and name as 32 hexadecimal digits: any text becomes a file name or key of one length,
    /// and no name can be written so that it means another owner's.
    pub(crate) fn part(&self) -> String {
        digits(&[&self.owner.0, &self.id])
    }
}

fn digits(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..32].to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_reaches_another_owner() {
        let pairs = [
            ("a", "bc"),
            ("ab", "c"),
            ("a:b", "c"),
            ("a", "b:c"),
            ("", "abc"),
        ];
        let parts: std::collections::BTreeSet<String> = pairs
            .iter()
            .map(|(owner, id)| Key::new(&Owner::named(owner), id).part())
            .collect();
        assert_eq!(parts.len(), pairs.len());
        assert!(parts.iter().all(|p| p.len() == 32));
    }
}
