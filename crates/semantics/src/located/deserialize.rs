//! Typed values from a tree, with the place of what does not fit.

use super::{Entry, Misread, Node, Position, Value};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};

/// What becomes of keys that begin with `x-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// They are keys like others, and unknown.
    Closed,
    /// They belong to other programs and are passed over.
    PassExtensions,
}

/// A typed value.
///
/// # Errors
/// An unknown or missing key, or a value of another kind, with its place.
pub(crate) fn from_node<T: DeserializeOwned>(
    node: &Node,
    strictness: Strictness,
) -> Result<T, Misread> {
    T::deserialize(Reader {
        node,
        strictness,
        key_at: None,
    })
}

#[derive(Clone, Copy)]
struct Reader<'n> {
    node: &'n Node,
    strictness: Strictness,
    key_at: Option<Position>,
}

impl<'n> Reader<'n> {
    fn of(self, node: &'n Node) -> Reader<'n> {
        Reader {
            node,
            key_at: None,
            ..self
        }
    }

    fn at(self) -> Option<Position> {
        self.node.at.or(self.key_at)
    }

    fn visit_map<'de, V: Visitor<'de>>(
        self,
        entries: &'n [Entry],
        pass: bool,
        visitor: V,
    ) -> Result<V::Value, Misread> {
        visitor.visit_map(Pairs {
            reader: self,
            rest: entries,
            pass,
            value: None,
        })
    }
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Misread;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(v) => visitor.visit_bool(*v),
            Value::Integer(v) => visitor.visit_i64(*v),
            Value::Unsigned(v) => visitor.visit_u64(*v),
            Value::Float(v) => visitor.visit_f64(*v),
            Value::Text(v) => visitor.visit_str(v),
            Value::List(items) => visitor.visit_seq(Items {
                reader: self,
                rest: items,
            }),
            Value::Map(entries) => self.visit_map(entries, false, visitor),
        }
        .map_err(|e| e.or_at(self.at()))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        match self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
        .map_err(|e| e.or_at(self.at()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misread> {
        match &self.node.value {
            Value::Map(entries) => self
                .visit_map(
                    entries,
                    self.strictness == Strictness::PassExtensions,
                    visitor,
                )
                .map_err(|e| e.or_at(self.at())),
            _ => Err(Misread {
                message: format!("expected a mapping, found {}", self.node.kind()),
                at: self.at(),
            }),
        }
    }

    /// A text; a number or truth value that stands where a text is due is its own text.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        match &self.node.value {
            Value::Integer(v) => visitor.visit_string(v.to_string()),
            Value::Unsigned(v) => visitor.visit_string(v.to_string()),
            Value::Float(v) => visitor.visit_string(v.to_string()),
            Value::Bool(v) => visitor.visit_string(v.to_string()),
            _ => return self.deserialize_any(visitor),
        }
        .map_err(|e: Misread| e.or_at(self.at()))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        self.deserialize_str(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misread> {
        visitor
            .visit_newtype_struct(self)
            .map_err(|e| e.or_at(self.at()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misread> {
        let misfit = |message: String| Misread {
            message,
            at: self.at(),
        };
        match &self.node.value {
            Value::Text(name) => visitor
                .visit_enum(name.as_str().into_deserializer())
                .map_err(|e: Misread| e.or_at(self.at())),
            Value::Map(entries) => match &entries[..] {
                [only] => visitor
                    .visit_enum(Variant {
                        reader: self,
                        entry: only,
                    })
                    .map_err(|e| e.or_at(only.key_at).or_at(self.at())),
                _ => Err(misfit(format!(
                    "expected one of {}, found a mapping of {} keys",
                    variants.join(", "),
                    entries.len()
                ))),
            },
            _ => Err(misfit(format!(
                "expected one of {}, found {}",
                variants.join(", "),
                self.node.kind()
            ))),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        seq tuple tuple_struct map identifier ignored_any
    }
}

struct Items<'n> {
    reader: Reader<'n>,
    rest: &'n [Node],
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Misread;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misread> {
        let Some((first, rest)) = self.rest.split_first() else {
            return Ok(None);
        };
        self.rest = rest;
        seed.deserialize(self.reader.of(first)).map(Some)
    }
}

struct Pairs<'n> {
    reader: Reader<'n>,
    rest: &'n [Entry],
    pass: bool,
    value: Option<&'n Entry>,
}

impl<'de> MapAccess<'de> for Pairs<'_> {
    type Error = Misread;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misread> {
        loop {
            let Some((first, rest)) = self.rest.split_first() else {
                return Ok(None);
            };
            self.rest = rest;
            if self.pass && first.key.starts_with("x-") {
                continue;
            }
            self.value = Some(first);
            let key: serde::de::value::StrDeserializer<'_, Misread> =
                first.key.as_str().into_deserializer();
            return seed
                .deserialize(key)
                .map(Some)
                .map_err(|e| e.or_at(first.key_at));
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misread> {
        match self.value.take() {
            Some(entry) => seed.deserialize(Reader {
                key_at: entry.key_at,
                ..self.reader.of(&entry.value)
            }),
            None => Err(serde::de::Error::custom("a value without its key")),
        }
    }
}

struct Variant<'n> {
    reader: Reader<'n>,
    entry: &'n Entry,
}

impl<'de, 'n> EnumAccess<'de> for Variant<'n> {
    type Error = Misread;
    type Variant = Reader<'n>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Reader<'n>), Misread> {
        let key: serde::de::value::StrDeserializer<'_, Misread> =
            self.entry.key.as_str().into_deserializer();
        let variant = seed
            .deserialize(key)
            .map_err(|e| e.or_at(self.entry.key_at))?;
        Ok((
            variant,
            Reader {
                key_at: self.entry.key_at,
                ..self.reader.of(&self.entry.value)
            },
        ))
    }
}

impl<'de> VariantAccess<'de> for Reader<'_> {
    type Error = Misread;

    fn unit_variant(self) -> Result<(), Misread> {
        match self.node.value {
            Value::Null => Ok(()),
            _ => Err(Misread {
                message: format!("expected nothing more, found {}", self.node.kind()),
                at: self.at(),
            }),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Misread> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misread> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misread> {
        self.deserialize_struct("", fields, visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Shop {
        name: String,
        #[serde(default)]
        kind: Option<Kind>,
        #[serde(default)]
        sizes: Vec<u32>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Small,
        Large(u32),
    }

    fn read(text: &str, strictness: Strictness) -> Result<Shop, Misread> {
        from_node(&super::super::parse(text, 0).expect("YAML"), strictness)
    }

    #[test]
    fn values_are_read_and_misfits_have_places() {
        use Strictness::{Closed, PassExtensions};
        let shop = read(
            "name: 12\nkind: {large: 3}\nx-note: 1\nsizes: [1, 2]\n",
            PassExtensions,
        );
        assert_eq!(
            shop,
            Ok(Shop {
                name: "12".into(),
                kind: Some(Kind::Large(3)),
                sizes: vec![1, 2]
            })
        );
        for (text, strictness, line, column, part) in [
            ("name: a\nx-note: 1\n", Closed, 2, 1, "x-note"),
            ("name: a\ncolour: red\n", PassExtensions, 2, 1, "colour"),
            ("name: a\nsizes: [1, two]\n", Closed, 2, 12, "two"),
            ("name: a\nkind: medium\n", Closed, 2, 7, "medium"),
            ("kind: small\n", Closed, 1, 1, "name"),
        ] {
            let misread = read(text, strictness).expect_err(text);
            let at = misread.at.expect(text);
            assert_eq!((at.line, at.column), (line, column), "{text}: {misread}");
            assert!(misread.message.contains(part), "{misread}");
        }
    }
}
