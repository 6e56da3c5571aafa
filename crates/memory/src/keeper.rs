//! The conversations that this process takes part in, and how they get on with their store.
//!
//! A copy of each stays in this process. It carries the conversation on while the store is away, is
//! put back where the store has lost it, and joins what others have said meanwhile.

use crate::{Conversation, Kept, Key, Limits, MemoryError, Owner, Saved, Store};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Copies that are held at most; the one that was idle longest goes first, one that the store has
/// not got goes last.
const HELD: usize = 1_000;
/// How often a save is tried against others who write the same conversation.
const ATTEMPTS: usize = 8;
/// Waited between two attempts, times the attempts so far.
const BETWEEN: Duration = Duration::from_millis(2);
/// How long a store that failed is not called.
const REST: Duration = Duration::from_secs(1);

/// Seconds since 1970.
pub type Clock = Box<dyn Fn() -> i64 + Send + Sync>;

/// The machine's clock.
pub fn system_clock() -> Clock {
    Box::new(|| {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX))
    })
}

/// What the user has to be told of how the conversation was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Stable code.
    pub code: &'static str,
    /// In a sentence.
    pub text: String,
}

/// Conversations in one store.
pub struct Memory {
    store: Box<dyn Store>,
    owner: Owner,
    limits: Limits,
    clock: Clock,
    held: Mutex<Held>,
    /// Until when the store is left alone, and why.
    resting: Mutex<Option<(Instant, MemoryError)>>,
}

#[derive(Default)]
struct Held {
    uses: u64,
    copies: HashMap<Key, (u64, Arc<Mutex<Copy>>)>,
}

/// What this process knows of a conversation.
#[derive(Default)]
struct Copy {
    conversation: Conversation,
    /// The store has not got all of it.
    unsaved: bool,
}

impl Memory {
    /// Over a store; `owner` is the user of this machine.
    pub fn new(store: Box<dyn Store>, owner: Owner, limits: Limits, clock: Clock) -> Memory {
        Memory {
            store,
            owner,
            limits,
            clock,
            held: Mutex::default(),
            resting: Mutex::default(),
        }
    }

    /// The user of this machine.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// One turn: reads the conversation, lets `work` answer, keeps what it has become. Turns of one
    /// conversation wait for each other within this process; between processes the later save joins
    /// both. What comes back is kept, unless a notice says otherwise.
    pub fn turn<R>(
        &self,
        key: &Key,
        work: impl FnOnce(&mut Conversation) -> R,
    ) -> (R, Vec<Notice>) {
        let copy = self.copy(key);
        let mut copy = copy.lock().unwrap_or_else(PoisonError::into_inner);
        let mut notices = Vec::new();
        let (mut conversation, version) = self.recalled(key, &copy, &mut notices);
        let before = conversation.turns.len();
        let done = work(&mut conversation);
        self.stamp(&mut conversation, before);
        conversation.bound(&self.limits);
        copy.conversation = conversation;
        copy.unsaved = true;
        // Without a version the store was away a moment ago.
        if let Some(version) = version {
            self.save(key, &mut copy, version, &mut notices);
        }
        let kept = !copy.unsaved;
        drop(copy);
        if kept {
            self.catch_up(key);
        }
        (done, notices)
    }

    /// The conversation as it stands, without waiting for a turn that is under way. What cannot be
    /// read stays where it is, for the next turn to tell.
    pub fn look(&self, key: &Key) -> Option<Conversation> {
        let copy = self.copy(key);
        let copy = copy.try_lock().ok()?;
        let now = (self.clock)();
        Some(match self.reached(|store| store.load(key, now)) {
            Ok(kept) => self.joined(&copy, kept, now).0,
            Err(_) => self.own(&copy, now),
        })
    }

    /// What this process remembers, unless it has expired.
    fn own(&self, copy: &Copy, now: i64) -> Conversation {
        let last = copy.conversation.last_at();
        if last.is_some_and(|at| now - at <= self.limits.idle_seconds) {
            copy.conversation.clone()
        } else {
            Conversation::default()
        }
    }

    /// What the store has, with what only this process remembers, and the version in the store.
    fn joined(&self, copy: &Copy, kept: Option<Kept>, now: i64) -> (Conversation, u64) {
        let Kept {
            conversation,
            version,
        } = kept.unwrap_or_default();
        // A store that forgets nothing has the last word: what is gone was removed.
        if copy.unsaved || self.store.may_forget() {
            (conversation.merged(self.own(copy, now)), version)
        } else {
            (conversation, version)
        }
    }

    /// The conversation for a turn, and the version that the store has; none where it is away.
    fn recalled(
        &self,
        key: &Key,
        copy: &Copy,
        notices: &mut Vec<Notice>,
    ) -> (Conversation, Option<u64>) {
        let now = (self.clock)();
        match self.reached(|store| store.load(key, now)) {
            Ok(kept) => {
                let (conversation, version) = self.joined(copy, kept, now);
                (conversation, Some(version))
            }
            Err(e @ MemoryError::Poisoned { .. }) => {
                let own = self.own(copy, now);
                let known = if own.turns.is_empty() {
                    "this turn begins a new one"
                } else {
                    "it goes on from what this process remembers"
                };
                let moved = self.reached(|store| store.set_aside(key));
                let where_to = if moved.is_ok() {
                    "was set aside"
                } else {
                    "stays where it is"
                };
                notices.push(Notice {
                    code: e.code(),
                    text: format!(
                        "The conversation could not be read ({e}) and {where_to}; {known}."
                    ),
                });
                (own, moved.is_ok().then_some(0))
            }
            Err(e) => {
                let own = self.own(copy, now);
                let known = if own.turns.is_empty() {
                    "Earlier turns are not known here; this one is kept in this process until the store is back"
                } else {
                    "The conversation goes on from what this process remembers and is saved once the store is back"
                };
                notices.push(Notice {
                    code: e.code(),
                    text: format!("{}. {known}.", capitalised(&e.to_string())),
                });
                (own, None)
            }
        }
    }

    fn save(&self, key: &Key, copy: &mut Copy, mut version: u64, notices: &mut Vec<Notice>) {
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                std::thread::sleep(BETWEEN * attempt as u32);
            }
            let now = (self.clock)();
            match self.reached(|store| store.save(key, &copy.conversation, version, now)) {
                Ok(Saved::Kept(_)) => {
                    copy.unsaved = false;
                    return;
                }
                Ok(Saved::Overtaken(theirs)) => {
                    let Kept {
                        conversation: theirs,
                        version: there,
                    } = theirs.map(|kept| *kept).unwrap_or_default();
                    version = there;
                    let ours = std::mem::take(&mut copy.conversation);
                    copy.conversation = theirs.merged(ours);
                    copy.conversation.bound(&self.limits);
                }
                Err(e) => {
                    notices.push(Notice {
                        code: e.code(),
                        text: format!(
                            "{}. This turn is kept in this process and is saved once that is possible.",
                            capitalised(&e.to_string())
                        ),
                    });
                    return;
                }
            }
        }
        let e = MemoryError::Conflict {
            store: self.store.name(),
        };
        notices.push(Notice {
            code: e.code(),
            text: format!(
                "{}. This turn is kept in this process and is saved with the next one.",
                capitalised(&e.to_string())
            ),
        });
    }

    /// Saves other conversations that the store has not got, now that it answers again.
    fn catch_up(&self, but: &Key) {
        let copies: Vec<(Key, Arc<Mutex<Copy>>)> = {
            let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.copies
                .iter()
                .filter(|(key, _)| *key != but)
                .map(|(key, (_, copy))| (key.clone(), copy.clone()))
                .collect()
        };
        for (key, copy) in copies {
            // Its own turn saves it.
            let Ok(mut copy) = copy.try_lock() else {
                continue;
            };
            if !copy.unsaved {
                continue;
            }
            let mut unheard = Vec::new();
            let (joined, version) = self.recalled(&key, &copy, &mut unheard);
            let Some(version) = version else { return };
            copy.conversation = joined;
            self.save(&key, &mut copy, version, &mut unheard);
            if copy.unsaved {
                return;
            }
        }
    }

    /// Calls the store, unless it failed a moment ago.
    fn reached<R>(
        &self,
        call: impl FnOnce(&dyn Store) -> Result<R, MemoryError>,
    ) -> Result<R, MemoryError> {
        {
            let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((until, why)) = &*resting
                && Instant::now() < *until
            {
                return Err(why.clone());
            }
        }
        let done = call(&*self.store);
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        *resting = match &done {
            Err(e @ MemoryError::Unreachable { .. }) => Some((Instant::now() + REST, e.clone())),
            _ => None,
        };
        done
    }

    fn copy(&self, key: &Key) -> Arc<Mutex<Copy>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.uses += 1;
        let now = held.uses;
        if let Some((used, copy)) = held.copies.get_mut(key) {
            *used = now;
            return copy.clone();
        }
        if held.copies.len() >= HELD {
            let saved = |copy: &Arc<Mutex<Copy>>| copy.try_lock().is_ok_and(|c| !c.unsaved);
            let oldest = held
                .copies
                .iter()
                .filter(|(_, (_, copy))| saved(copy))
                .min_by_key(|(_, (used, _))| *used)
                .map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                held.copies.remove(&oldest);
            }
        }
        let copy = Arc::new(Mutex::new(Copy::default()));
        held.copies.insert(key.clone(), (now, copy.clone()));
        copy
    }

    /// Gives new turns their time and their name.
    fn stamp(&self, conversation: &mut Conversation, from: usize) {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let at = (self.clock)();
        for turn in conversation.turns.iter_mut().skip(from) {
            let unique = format!(
                "{}/{:?}/{}/{}",
                self.owner.name(),
                SystemTime::now(),
                std::process::id(),
                COUNT.fetch_add(1, Ordering::Relaxed)
            );
            turn.at = at;
            turn.id = blake3::hash(unique.as_bytes()).to_hex()[..16].to_string();
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map(|c| c.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}
