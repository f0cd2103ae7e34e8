//! Telling other nodes' listeners what this node does, and this node's what the others do.
//!
//! A node that has listeners says every now and then which projects they listen to; the others say
//! what they do in those, through the database, a few times a second. While nobody listens on any
//! node, nothing is said and nobody waits for anything.

mod written;

use std::sync::Arc;
use std::time::Duration;

use hookwright_core::ids::ProjectId;
use hookwright_core::limits::ASIDE_BYTES_MAX;
use hookwright_store::{Hearing, StoreError};
use tokio::time::timeout;

use crate::engine::Shared;
use crate::live::Live;
use written::{Said, Wants, pieces};

/// How often what was done is passed on.
const PASS_ON_EVERY: Duration = Duration::from_millis(200);
/// How often a node says what it wants to hear.
const WANT_EVERY_US: u64 = 2_000_000;
/// After so long without a word a node does not listen any more.
const WANTED_FOR_US: u64 = 10_000_000;

/// What this node hears of the others.
struct Relay<'a> {
    shared: &'a Shared,
    /// Tells this node from the others.
    node: u64,
    hearing: Option<Hearing>,
    /// What was said last that this node wants, and when.
    said: (Vec<ProjectId>, u64),
}

/// Relays for as long as nobody ends it.
pub(crate) async fn keep_relaying(shared: &Shared) {
    let bytes = shared.world.random.bytes();
    let node = u64::from(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    let (live, clock) = (Arc::clone(&shared.live), Arc::clone(&shared.world.clock));
    shared.store.hear_wanted(Arc::new(move |text| {
        let until = clock.monotonic_us() + WANTED_FOR_US;
        hear_wanted(&live, node, text, until);
    }));
    let mut relay = Relay {
        shared,
        node,
        hearing: None,
        said: (Vec::new(), 0),
    };
    let mut failing = false;
    loop {
        let (here, elsewhere) = (relay.said.0.is_empty(), shared.live.elsewhere.is_wanted());
        if here && !elsewhere && shared.live.projects().is_empty() {
            shared.live.changed.notified().await;
        } else {
            // Whichever comes first; several that begin to listen at once are one change.
            let _ = timeout(PASS_ON_EVERY, shared.live.changed.notified()).await;
        }
        let turned = relay.turn().await;
        if let (Err(error), false) = (&turned, failing) {
            tracing::warn!(%error, "other nodes' doings are not streamed");
        }
        failing = turned.is_err();
        if failing {
            tokio::time::sleep(PASS_ON_EVERY).await;
        }
    }
}

impl Relay<'_> {
    async fn turn(&mut self) -> Result<(), StoreError> {
        let now = self.shared.world.clock.monotonic_us();
        self.shared.live.elsewhere.forget_silent(now);
        self.pass_on().await?;
        self.want(now).await
    }

    /// Says what was done to those who want to know.
    async fn pass_on(&self) -> Result<(), StoreError> {
        let live = &self.shared.live;
        let outbox = live.elsewhere.take();
        if outbox.is_empty() {
            return Ok(());
        }
        let said = self.shared.store.say_doings(pieces(self.node, &outbox));
        let said = said.await;
        if said.is_err() {
            live.elsewhere.put_back(outbox);
        }
        said
    }

    /// Hears the others while somebody listens here, and says so.
    async fn want(&mut self, now_us: u64) -> Result<(), StoreError> {
        let projects = self.shared.live.projects();
        if projects.is_empty() {
            self.hearing = None;
            if self.said.0.is_empty() {
                return Ok(());
            }
        } else if self.hearing.as_ref().is_none_or(Hearing::has_ended) {
            let (live, node) = (Arc::clone(&self.shared.live), self.node);
            let ear = Arc::new(move |text: &str| hear_doings(&live, node, text));
            self.hearing = self.shared.store.hear_doings(ear).await?;
        }
        // Alone, or behind a pooler: nothing would be heard.
        let can_hear = self.hearing.is_some() || projects.is_empty();
        let is_news = projects != self.said.0;
        if can_hear && (is_news || now_us - self.said.1 >= WANT_EVERY_US) {
            let text = Wants::of(self.node, &projects).write();
            debug_assert!(text.len() <= ASIDE_BYTES_MAX, "{}", text.len());
            self.shared.store.say_wanted(text).await?;
            self.said = (projects, now_us);
        }
        Ok(())
    }
}

fn hear_wanted(live: &Live, own: u64, text: &str, until_us: u64) {
    // What cannot be read is of another version.
    if let Some(wants) = Wants::read(text).filter(|wants| wants.node != own) {
        live.elsewhere
            .want(wants.node, until_us, wants.projects().collect());
        live.changed.notify_one();
    }
}

fn hear_doings(live: &Live, own: u64, text: &str) {
    if let Some(said) = Said::read(text).filter(|said| said.node != own) {
        for (whose, doing) in said.doings() {
            live.tell_here(&whose, &Arc::new(doing));
        }
        for missed in said.missed() {
            live.missed_elsewhere(&missed);
        }
    }
}
