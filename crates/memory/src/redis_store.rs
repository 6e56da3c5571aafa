//! Conversations in Redis: one hash each, with its version beside it.
//!
//! A save compares the version and writes in one script, which Redis runs as one step. Each exchange
//! has a time limit; a connection that broke is made anew once.

use crate::record::Record;
use crate::{Conversation, Kept, Key, Limits, MemoryError, Saved, Store};
use redis::{Connection, ConnectionAddr, ErrorKind, IntoConnectionInfo, RedisError, Value};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Idle connections that are kept at most.
const IDLE: usize = 16;

/// Type and size are looked at before anything is fetched.
const LOAD: &str = r"
local kind = redis.call('TYPE', KEYS[1]).ok
if kind == 'none' then return {'none'} end
if kind ~= 'hash' then return {'poisoned', 'it is a ' .. kind} end
local length = redis.call('HSTRLEN', KEYS[1], 'body')
if length > tonumber(ARGV[1]) then return {'poisoned', 'it has ' .. length .. ' bytes'} end
return {'held', redis.call('HGET', KEYS[1], 'version') or '', redis.call('HGET', KEYS[1], 'body') or ''}
";

const SAVE: &str = r"
local kind = redis.call('TYPE', KEYS[1]).ok
if kind ~= 'none' and kind ~= 'hash' then return {'poisoned', 'it is a ' .. kind} end
if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[1] then return {'overtaken'} end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'body', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {'kept'}
";

const SET_ASIDE: &str = r"
if redis.call('EXISTS', KEYS[1]) == 0 then return {'none'} end
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('PEXPIRE', KEYS[2], ARGV[1])
return {'moved'}
";

/// Keeps conversations in Redis.
pub struct Redis {
    client: redis::Client,
    /// Host and port, for messages.
    address: String,
    patience: Duration,
    idle_milliseconds: i64,
    readable: usize,
    idle: Mutex<Vec<Connection>>,
}

impl Redis {
    /// On the server of that URL (`redis://[user@]host[:port][/database]`, `unix:///path`), which is
    /// not called yet. `patience` bounds each exchange.
    ///
    /// # Errors
    /// [`MemoryError::Settings`] for a URL that is none; it is not repeated, since it may hold a
    /// password.
    pub fn new(
        url: &str,
        password: Option<&str>,
        patience: Duration,
        limits: &Limits,
    ) -> Result<Redis, MemoryError> {
        let wrong = |what: &str| MemoryError::Settings(what.to_string());
        let mut info = url
            .into_connection_info()
            .map_err(|_| wrong("it is no URL of a Redis"))?;
        let address = match info.addr() {
            ConnectionAddr::Tcp(host, port) => format!("redis at {host}:{port}"),
            ConnectionAddr::Unix(path) => format!("redis at {}", path.display()),
            _ => return Err(wrong("`rediss://` (TLS) is not supported")),
        };
        if let Some(password) = password {
            let settings = info.redis_settings().clone().set_password(password);
            info = info.set_redis_settings(settings);
        }
        let client = redis::Client::open(info).map_err(|_| wrong("it is no URL of a Redis"))?;
        Ok(Redis {
            client,
            address,
            patience,
            idle_milliseconds: limits.idle_seconds.saturating_mul(1000),
            readable: 2 * limits.bytes + 4096,
            idle: Mutex::new(Vec::new()),
        })
    }

    /// Both keys of a conversation lie in one slot of a cluster.
    fn keys(key: &Key) -> [String; 2] {
        let name = format!(
            "retail:conversation:{{{}.{}}}",
            key.owner_part(),
            key.part()
        );
        let aside = format!("{name}:damaged");
        [name, aside]
    }

    fn connection(&self) -> Result<(Connection, bool), RedisError> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        if let Some(connection) = idle {
            return Ok((connection, true));
        }
        let connection = self.client.get_connection_with_timeout(self.patience)?;
        connection.set_read_timeout(Some(self.patience))?;
        connection.set_write_timeout(Some(self.patience))?;
        Ok((connection, false))
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(connection);
        }
    }

    fn run(&self, script: &str, key: &Key, arguments: &[&[u8]]) -> Result<Reply, MemoryError> {
        let mut command = redis::cmd("EVAL");
        let keys = Self::keys(key);
        command.arg(script).arg(keys.len()).arg(&keys[..]);
        for argument in arguments {
            command.arg(*argument);
        }
        loop {
            let (mut connection, was_idle) = self.connection().map_err(|e| self.failed(&e))?;
            match command.query::<Vec<Value>>(&mut connection) {
                Ok(parts) => {
                    self.give_back(connection);
                    return self.reply(parts);
                }
                // The server was restarted since the connection was used last. Every script can be
                // sent twice: a save that was done already is then overtaken by itself.
                Err(e) if was_idle && e.is_io_error() && !e.is_timeout() => {
                    self.idle
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .clear();
                }
                Err(e) => {
                    if !e.is_io_error() {
                        self.give_back(connection);
                    }
                    return Err(self.failed(&e));
                }
            }
        }
    }

    fn reply(&self, parts: Vec<Value>) -> Result<Reply, MemoryError> {
        let mut texts = parts.into_iter().map(|value| match value {
            Value::BulkString(bytes) => bytes,
            Value::SimpleString(text) => text.into_bytes(),
            _ => Vec::new(),
        });
        let kind = texts.next().unwrap_or_default();
        let rest: Vec<Vec<u8>> = texts.collect();
        match &kind[..] {
            b"poisoned" => Err(self.poisoned(
                String::from_utf8_lossy(rest.first().map_or(&[][..], |r| r)).into_owned(),
            )),
            b"none" => Ok(Reply::None),
            b"held" => Ok(Reply::Held {
                version: rest.first().cloned().unwrap_or_default(),
                body: rest.get(1).cloned().unwrap_or_default(),
            }),
            b"kept" | b"moved" => Ok(Reply::Done),
            _ => Ok(Reply::Overtaken),
        }
    }

    fn poisoned(&self, reason: String) -> MemoryError {
        MemoryError::Poisoned {
            store: self.name(),
            reason,
        }
    }

    fn failed(&self, e: &RedisError) -> MemoryError {
        let store = self.name();
        let code = e.code().unwrap_or_default().to_string();
        let said = format!("{code} {}", e.detail().unwrap_or_default());
        if said.contains("OOM") {
            return MemoryError::Full { store };
        }
        let refused = ["NOAUTH", "NOPERM", "WRONGPASS", "READONLY", "DENIED"];
        if e.kind() == ErrorKind::AuthenticationFailed || refused.iter().any(|r| code == *r) {
            return MemoryError::Refused {
                store,
                reason: if code.is_empty() {
                    e.category().into()
                } else {
                    code
                },
            };
        }
        let reason = if e.is_timeout() {
            format!("no reply within {} ms", self.patience.as_millis())
        } else if e.is_connection_refusal() {
            "the connection is refused".into()
        } else if e.is_io_error() {
            "the connection broke".into()
        } else if code.is_empty() {
            e.category().to_string()
        } else {
            code
        };
        MemoryError::Unreachable { store, reason }
    }
}

/// What a script says.
enum Reply {
    None,
    Held { version: Vec<u8>, body: Vec<u8> },
    Done,
    Overtaken,
}

impl Store for Redis {
    fn name(&self) -> String {
        self.address.clone()
    }

    fn load(&self, key: &Key, _now: i64) -> Result<Option<Kept>, MemoryError> {
        let limit = self.readable.to_string();
        let Reply::Held { version, body } = self.run(LOAD, key, &[limit.as_bytes()])? else {
            return Ok(None);
        };
        let record = Record::read(&body, key).map_err(|reason| self.poisoned(reason))?;
        if version != record.version.to_string().into_bytes() {
            return Err(self.poisoned("its version does not fit".into()));
        }
        Ok(Some(Kept {
            conversation: record.conversation,
            version: record.version,
        }))
    }

    fn save(
        &self,
        key: &Key,
        conversation: &Conversation,
        after: u64,
        now: i64,
    ) -> Result<Saved, MemoryError> {
        let record = Record::new(key, conversation, after + 1, now);
        let arguments = [
            after.to_string().into_bytes(),
            record.version.to_string().into_bytes(),
            record.bytes(),
            self.idle_milliseconds.to_string().into_bytes(),
        ];
        let arguments: Vec<&[u8]> = arguments.iter().map(Vec::as_slice).collect();
        match self.run(SAVE, key, &arguments)? {
            Reply::Done => Ok(Saved::Kept(record.version)),
            _ => Ok(Saved::Overtaken(self.load(key, now)?.map(Box::new))),
        }
    }

    fn set_aside(&self, key: &Key) -> Result<(), MemoryError> {
        let expiry = self.idle_milliseconds.to_string();
        self.run(SET_ASIDE, key, &[expiry.as_bytes()]).map(|_| ())
    }

    fn may_forget(&self) -> bool {
        true
    }
}
