//! How a fact publishes: one event, many, or some that share a commit.

use hookwright_core::ids::{DeliveryId, EventId, ProjectId};
use hookwright_store::{Append, Appended, Lease, Leased, StoreError};
use tokio::sync::oneshot;

use super::build::EventBuilder;
use super::house::House;

/// Events that are appended together where many are.
const WAVE_EVENTS: usize = 1_000;

impl House {
    /// Appends and waits for the answer.
    pub async fn publish(&self, append: impl Into<Append>) -> Result<Appended, StoreError> {
        self.begin_publish(append)
            .await
            .expect("an append is answered")
    }

    /// Appends without waiting: what is begun together may share a commit.
    pub fn begin_publish(
        &self,
        append: impl Into<Append>,
    ) -> oneshot::Receiver<Result<Appended, StoreError>> {
        let (done, answer) = oneshot::channel();
        self.append(append.into(), move |_, result| {
            let _ = done.send(result);
        });
        answer
    }

    /// Appends what must be fresh: its rows.
    pub async fn publish_fresh(&self, append: impl Into<Append>) -> Fresh {
        let append = append.into();
        Fresh::of(append.project_id, self.publish(append).await)
    }

    /// Appends many that must be fresh, in waves that no writer takes long for.
    pub async fn publish_many(&self, events: impl IntoIterator<Item = EventBuilder>) -> Vec<Fresh> {
        let mut appends = events.into_iter().map(Append::from);
        let mut made = Vec::new();
        loop {
            let wave = appends.by_ref().take(WAVE_EVENTS);
            let begun = wave.map(|append| (append.project_id, self.begin_publish(append)));
            let begun: Vec<_> = begun.collect();
            if begun.is_empty() {
                return made;
            }
            for (project, answer) in begun {
                made.push(Fresh::of(
                    project,
                    answer.await.expect("an append is answered"),
                ));
            }
        }
    }

    /// Appends, and keeps the store at its answer: what is queued until it is let go shares the
    /// next commit.
    pub async fn hold_commits(&self, append: impl Into<Append>) -> HeldCommits {
        let (let_go, wait) = std::sync::mpsc::channel();
        let (reached, held) = oneshot::channel();
        self.append(append.into(), move |_, _| {
            let _ = reached.send(());
            let _ = wait.recv();
        });
        held.await.expect("an append is answered");
        HeldCommits(let_go)
    }
}

/// A store that waits inside an answer.
pub struct HeldCommits(std::sync::mpsc::Sender<()>);

impl HeldCommits {
    /// Async, so that what is joined with it is queued before.
    pub async fn let_go(self) {
        drop(self.0);
    }
}

/// The rows of an event just accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fresh {
    pub project: ProjectId,
    pub id: EventId,
    pub first_delivery: DeliveryId,
    pub lease: Lease,
}

impl Fresh {
    fn of(project: ProjectId, told: Result<Appended, StoreError>) -> Self {
        match told.expect("appended") {
            Appended::Fresh {
                id,
                first_delivery,
                lease,
            } => Self {
                project,
                id,
                first_delivery,
                lease,
            },
            other => panic!("not fresh: {other:?}"),
        }
    }

    /// The delivery of its `index`th route.
    pub fn delivery(&self, index: i64) -> DeliveryId {
        DeliveryId(self.first_delivery.0 + index)
    }

    /// The delivery of its `index`th route, as its holder names it.
    pub fn leased(&self, index: i64) -> Leased {
        Leased {
            project_id: self.project,
            id: self.delivery(index),
            lease: self.lease,
            manual: false,
        }
    }
}
