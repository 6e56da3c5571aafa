//! Server-sent events, as far as model providers use them (WHATWG HTML, section 9.2).

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Event {
    /// The `event` field; empty if absent.
    pub(crate) name: String,
    /// The `data` lines, joined by line feeds.
    pub(crate) data: String,
}

/// Why a stream is no stream of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotEvents {
    /// A line is not UTF-8.
    Encoding,
    /// An event is longer than [`LONGEST_EVENT`].
    TooLong,
}

/// The longest event that is read, in bytes.
const LONGEST_EVENT: usize = 1 << 20;

/// Cuts bytes, however they are split, into events. An event that the end of the stream leaves
/// without its blank line is no event, as the standard says.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    after_return: bool,
    lines_before: bool,
}

impl Decoder {
    /// Takes the next bytes; calls `on_event` for every event that they complete.
    pub(crate) fn feed<E: From<NotEvents>>(
        &mut self,
        bytes: &[u8],
        on_event: &mut dyn FnMut(Event) -> Result<(), E>,
    ) -> Result<(), E> {
        for &byte in bytes {
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => {
                    if let Some(event) = self.end_of_line()? {
                        on_event(event)?;
                    }
                }
                _ => {
                    self.line.push(byte);
                    if self.line.len() + self.event.data.len() > LONGEST_EVENT {
                        return Err(NotEvents::TooLong.into());
                    }
                }
            }
        }
        Ok(())
    }

    fn end_of_line(&mut self) -> Result<Option<Event>, NotEvents> {
        let bytes = std::mem::take(&mut self.line);
        let line = std::str::from_utf8(&bytes).map_err(|_| NotEvents::Encoding)?;
        let line = if self.lines_before {
            line
        } else {
            line.trim_start_matches('\u{feff}')
        };
        self.lines_before = true;
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return Ok(std::mem::take(&mut self.has_data).then_some(event));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.has_data = true;
                self.event.data.push_str(value);
            }
            // `id`, `retry`, comments and unknown fields mean nothing here.
            _ => {}
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::{Decoder, Event, LONGEST_EVENT, NotEvents};
    use proptest::prelude::*;

    fn decoded<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Event>, NotEvents> {
        let mut decoder = Decoder::default();
        let mut events = Vec::new();
        for piece in pieces {
            decoder.feed(piece, &mut |event| {
                events.push(event);
                Ok::<_, NotEvents>(())
            })?;
        }
        Ok(events)
    }

    fn event(name: &str, data: &str) -> Event {
        Event {
            name: name.into(),
            data: data.into(),
        }
    }

    #[test]
    fn events_of_all_spellings() {
        for (text, events) in [
            (
                "data: a\n\ndata:b\n\n",
                vec![event("", "a"), event("", "b")],
            ),
            (
                "data: a\r\n\r\ndata: b\r\r",
                vec![event("", "a"), event("", "b")],
            ),
            ("\u{feff}data: a\n\n", vec![event("", "a")]),
            (
                ": keep-alive\n\nevent: ping\n\ndata: x\n\n",
                vec![event("", "x")],
            ),
            (
                "event: delta\ndata: 1\ndata: 2\nid: 7\n\n",
                vec![event("delta", "1\n2")],
            ),
            ("data\n\n", vec![event("", "")]),
            ("data:  two spaces\n\n", vec![event("", " two spaces")]),
            ("data: cut off\n", vec![]),
            ("data: cut off", vec![]),
        ] {
            assert_eq!(decoded([text.as_bytes()]), Ok(events), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_stream_of_events() {
        assert_eq!(decoded([&b"data: \xff\n\n"[..]]), Err(NotEvents::Encoding));
        let long = vec![b'x'; LONGEST_EVENT + 1];
        assert_eq!(decoded([&long[..]]), Err(NotEvents::TooLong));
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(text in "(data: [a-zäß東😀]{0,4}(\n|\r\n|\r)|event: e\n|\n|:c\n){0,12}", size in 1usize..7) {
            let whole = decoded([text.as_bytes()]);
            prop_assert_eq!(decoded(text.as_bytes().chunks(size)), whole);
        }

        #[test]
        fn no_bytes_crash(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decoded([&bytes[..]]);
        }
    }
}
