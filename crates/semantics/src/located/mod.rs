//! YAML and JSON as a tree that remembers where in the file each part stands.
//!
//! Documents are read into this tree first and from it into typed values, so that every error,
//! also one found much later, names file, line and column.

mod deserialize;

pub(crate) use deserialize::{Strictness, from_node};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use std::fmt;

/// A place in a text: 1-based line and column (in characters).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    /// Which text, as its reader counts them.
    pub(crate) file: usize,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// A part of a document.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Node {
    pub(crate) value: Value,
    /// Where it starts, if known.
    pub(crate) at: Option<Position>,
}

/// What a part holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Value {
    #[default]
    Null,
    Bool(bool),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file, without repeats.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_at: Option<Position>,
    pub(crate) value: Node,
}

/// Why a text is no tree, or a tree no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misread {
    pub(crate) message: String,
    pub(crate) at: Option<Position>,
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Misread {}

impl serde::de::Error for Misread {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Misread {
            message: message.to_string(),
            at: None,
        }
    }
}

impl Misread {
    /// The error at this place, unless it knows a closer one.
    fn or_at(mut self, at: Option<Position>) -> Misread {
        self.at = self.at.or(at);
        self
    }
}

/// Files are refused above this size: a model is written by people.
const MAX_BYTES: usize = 64 << 20;

/// Reads YAML, of which JSON is a part.
///
/// # Errors
/// What is no YAML, with its place; a key that stands twice in one mapping; a text of more than
/// 64 MiB, or one nested deeper or with more repeated parts than a model needs.
pub(crate) fn parse(text: &str, file: usize) -> Result<Node, Misread> {
    if text.len() > MAX_BYTES {
        return Err(Misread {
            message: format!("the text has more than {} MiB", MAX_BYTES >> 20),
            at: None,
        });
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 20_000_000,
            max_nodes: 10_000_000,
            max_depth: 128,
            max_aliases: 1_000,
            max_total_scalar_bytes: MAX_BYTES,
        },
    };
    let read: Result<Spanned<Node>, _> = serde_saphyr::from_str_with_options(text, options);
    match read {
        Ok(root) => Ok(in_file(located(root), file)),
        Err(error) => Err(Misread {
            at: error.location().map(|l| Position {
                file,
                ..position(l)
            }),
            message: sentence(&error.without_snippet().to_string()),
        }),
    }
}

/// The first line of an error, without the place that is reported beside it.
fn sentence(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let line = line.strip_prefix("error: ").unwrap_or(line);
    match line.find(" at line ") {
        Some(end) => line[..end].trim_end_matches([',', ':']).to_string(),
        None => line.to_string(),
    }
}

fn position(location: serde_saphyr::Location) -> Position {
    Position {
        file: 0,
        line: u32::try_from(location.line()).unwrap_or(u32::MAX),
        column: u32::try_from(location.column()).unwrap_or(u32::MAX),
    }
}

fn known(location: serde_saphyr::Location) -> Option<Position> {
    (location != serde_saphyr::Location::UNKNOWN).then(|| position(location))
}

fn located(spanned: Spanned<Node>) -> Node {
    Node {
        at: known(spanned.referenced),
        ..spanned.value
    }
}

fn in_file(node: Node, file: usize) -> Node {
    node.replaced(&|at| at.map(|at| Position { file, ..at }))
}

impl Node {
    /// The value under a key of a mapping.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|e| &e.value)
    }

    /// The entry of a mapping.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|e| e.key == key)
    }

    /// The entries of a mapping; none for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Every place inside it changed.
    fn replaced(mut self, change: &dyn Fn(Option<Position>) -> Option<Position>) -> Node {
        self.at = change(self.at);
        self.value = match self.value {
            Value::List(items) => {
                Value::List(items.into_iter().map(|i| i.replaced(change)).collect())
            }
            Value::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|e| Entry {
                        key: e.key,
                        key_at: change(e.key_at),
                        value: e.value.replaced(change),
                    })
                    .collect(),
            ),
            other => other,
        };
        self
    }

    /// Every place inside it set to one: that of the string that the text was taken from.
    pub(crate) fn moved_to(self, at: Option<Position>) -> Node {
        self.replaced(&|_| at)
    }

    /// The value under a path of keys.
    pub(crate) fn path(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Where the value under a path of keys stands: the value itself if it is short, else its
    /// key; where the path ends early, the last key that is there.
    pub(crate) fn place(&self, keys: &[&str]) -> Option<Position> {
        let mut at = self.at;
        let mut node = self;
        for key in keys {
            let Some(entry) = node.entry(key) else { break };
            node = &entry.value;
            at = match node.value {
                Value::Map(_) | Value::List(_) => entry.key_at.or(node.at),
                _ => node.at.or(entry.key_at),
            };
        }
        at
    }

    /// Two documents as one: what the second says holds, down to this depth of mappings.
    pub(crate) fn merged(self, over: Node, depth: usize) -> Node {
        match (self.value, over.value) {
            (Value::Map(mut entries), Value::Map(more)) if depth > 0 => {
                for entry in more {
                    match entries.iter_mut().find(|e| e.key == entry.key) {
                        Some(known) => {
                            let old = std::mem::take(&mut known.value);
                            known.key_at = entry.key_at;
                            known.value = old.merged(entry.value, depth - 1);
                        }
                        None => entries.push(entry),
                    }
                }
                Node {
                    value: Value::Map(entries),
                    at: over.at,
                }
            }
            (_, value) => Node { value, at: over.at },
        }
    }

    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a truth value",
            Value::Integer(_) | Value::Unsigned(_) | Value::Float(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(Tree)
    }
}

struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_bool<E>(self, v: bool) -> Result<Node, E> {
        Ok(plain(Value::Bool(v)))
    }
    fn visit_i64<E>(self, v: i64) -> Result<Node, E> {
        Ok(plain(Value::Integer(v)))
    }
    fn visit_u64<E>(self, v: u64) -> Result<Node, E> {
        Ok(plain(
            i64::try_from(v).map_or(Value::Unsigned(v), Value::Integer),
        ))
    }
    fn visit_f64<E>(self, v: f64) -> Result<Node, E> {
        Ok(plain(Value::Float(v)))
    }
    fn visit_str<E>(self, v: &str) -> Result<Node, E> {
        Ok(plain(Value::Text(v.to_string())))
    }
    fn visit_string<E>(self, v: String) -> Result<Node, E> {
        Ok(plain(Value::Text(v)))
    }
    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(plain(Value::Null))
    }
    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(plain(Value::Null))
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(Tree)
    }
    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Node, D::Error> {
        inner.deserialize_any(Tree)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element::<Spanned<Node>>()? {
            items.push(located(item));
        }
        Ok(plain(Value::List(items)))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries: Vec<Entry> = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let value = located(map.next_value::<Spanned<Node>>()?);
            entries.push(Entry {
                key: key.value,
                key_at: known(key.referenced),
                value,
            });
        }
        Ok(plain(Value::Map(entries)))
    }
}

fn plain(value: Value) -> Node {
    Node { value, at: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(node: &Node) -> (u32, u32) {
        node.at.map_or((0, 0), |p| (p.line, p.column))
    }

    #[test]
    fn places_are_those_of_the_file() {
        let root = parse("a:\n  - b: 1\n    c: [x, 'y']\nd: {e: f}\n", 0).expect("YAML");
        let first = &root.get("a").expect("a").items()[0];
        assert_eq!(at(first.get("b").expect("b")), (2, 8));
        assert_eq!(at(&first.get("c").expect("c").items()[1]), (3, 12));
        let d = root.entry("d").expect("d");
        assert_eq!(d.key_at.map(|p| (p.line, p.column)), Some((4, 1)));
        assert_eq!(at(d.value.get("e").expect("e")), (4, 8));
    }

    #[test]
    fn json_is_read_too() {
        let root = parse(
            "{\n  \"a\": {\"b\": [1, -2.5, null, true, \"\\u00e9\"]}\n}",
            0,
        )
        .expect("JSON");
        let list = root.get("a").and_then(|a| a.get("b")).expect("list");
        assert_eq!(list.items()[4].text(), Some("é"));
        assert_eq!(at(&list.items()[1]), (2, 18));
    }

    #[test]
    fn a_repeated_key_is_refused_with_its_place() {
        let misread = parse("a: 1\nb: 2\na: 3\n", 0).expect_err("twice");
        assert_eq!(misread.at.map(|p| p.line), Some(3), "{}", misread.message);
    }

    #[test]
    fn aliases_cannot_blow_up() {
        let mut text = String::from("a: &a [x, x, x, x, x, x, x, x, x, x]\n");
        for (one, other) in ["b", "c", "d", "e", "f", "g", "h", "i"]
            .iter()
            .zip(["a", "b", "c", "d", "e", "f", "g", "h"])
        {
            let many = vec![format!("*{other}"); 10].join(", ");
            text.push_str(&format!("{one}: &{one} [{many}]\n"));
        }
        assert!(parse(&text, 0).is_err());
    }
}
