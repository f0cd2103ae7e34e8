//! Has this message been here before?

use std::collections::{BTreeMap, HashMap};

use crate::identity::MessageKey;

/// The messages that came lately: a caught request that is sent again, and a delivery that the
/// sender repeats because our answer was lost, are both found here.
///
/// A message is claimed before it is handled, and settled or released after. Only a settled one
/// counts as done: were it remembered sooner, a handler's failure would lose it, since the sender's
/// retry would look like a duplicate.
///
/// **Invariant:** never more than `messages_max` entries of fixed size, whatever comes. When full,
/// the oldest goes. Each process has its own memory and a restart empties it, so what may never
/// happen twice needs a unique key in your database as well.
#[derive(Debug)]
pub struct Replays {
    messages_max: usize,
    ttl_s: i64,
    next_claim: u64,
    by_key: HashMap<MessageKey, Entry>,
    by_age: BTreeMap<u64, MessageKey>,
}

#[derive(Debug)]
struct Entry {
    claim: u64,
    settled: bool,
    expires_at_s: i64,
}

/// What is known of a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing: it is yours now. Settle or release it.
    First(Claim),
    /// Its first arrival is still being handled.
    InHand,
    /// It was handled before.
    Settled,
}

/// The right to handle a message.
#[derive(Debug, PartialEq, Eq)]
pub struct Claim(u64);

impl Replays {
    /// Remembers up to `messages_max` messages (at least one), each for `ttl_s` seconds: longer
    /// than the format's tolerance, which alone refuses whatever is older.
    #[must_use]
    pub fn new(messages_max: usize, ttl_s: u32) -> Self {
        Self {
            messages_max: messages_max.max(1),
            ttl_s: i64::from(ttl_s),
            next_claim: 0,
            by_key: HashMap::new(),
            by_age: BTreeMap::new(),
        }
    }

    /// Asks for a message that has been **verified**; others would fill the memory with what an
    /// attacker made up. `now_s` is in seconds since the epoch.
    pub fn claim(&mut self, key: MessageKey, now_s: i64) -> Seen {
        match self.by_key.get(&key) {
            Some(entry) if now_s < entry.expires_at_s => {
                return if entry.settled {
                    Seen::Settled
                } else {
                    Seen::InHand
                };
            }
            Some(entry) => self.forget(entry.claim),
            None => {}
        }
        self.make_room(now_s);
        let claim = self.next_claim;
        self.next_claim += 1;
        self.by_age.insert(claim, key);
        let entry = Entry {
            claim,
            settled: false,
            expires_at_s: now_s.saturating_add(self.ttl_s),
        };
        self.by_key.insert(key, entry);
        Seen::First(Claim(claim))
    }

    /// The message is handled: whatever comes of it now is a duplicate.
    pub fn settle(&mut self, claim: Claim) {
        let key = self.by_age.get(&claim.0);
        if let Some(entry) = key.and_then(|key| self.by_key.get_mut(key)) {
            entry.settled = true;
        }
    }

    /// It could not be handled: its next attempt is a first one again.
    pub fn release(&mut self, claim: Claim) {
        self.forget(claim.0);
    }

    /// Messages remembered now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Drops what has expired from the old end, and the oldest if that is not enough. A claim costs
    /// what it drops, so a claim is paid for by an earlier one.
    fn make_room(&mut self, now_s: i64) {
        while let Some((&claim, key)) = self.by_age.first_key_value() {
            let entry = self.by_key.get(key);
            let expired = entry.is_none_or(|entry| entry.expires_at_s <= now_s);
            if !expired && self.by_age.len() < self.messages_max {
                return;
            }
            self.forget(claim);
        }
    }

    /// **Invariant:** both maps lose the entry, so that each claim has exactly one key.
    fn forget(&mut self, claim: u64) {
        if let Some(key) = self.by_age.remove(&claim) {
            self.by_key.remove(&key);
        }
    }
}
