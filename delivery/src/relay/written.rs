//! How doings and wants are written for other nodes: short JSON, in pieces that the database takes.

use std::sync::Arc;

use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::{AccountId, DeliveryId, EndpointId, EventId, ProjectId};
use hookwright_core::limits::ASIDE_BYTES_MAX;
use hookwright_core::time::UnixMs;
use serde::{Deserialize, Serialize};

use crate::live::{DeliveryDone, Doing, DoingKind, Missed, Outbox, Whose};

/// Which projects a node wants to hear of.
#[derive(Serialize, Deserialize)]
pub(super) struct Wants {
    #[serde(rename = "n")]
    pub(super) node: u64,
    #[serde(rename = "p")]
    projects: Vec<i64>,
}

/// What a node did, and how much more that it does not say.
#[derive(Serialize, Deserialize)]
pub(super) struct Said {
    #[serde(rename = "n")]
    pub(super) node: u64,
    #[serde(rename = "d")]
    doings: Vec<Written>,
    #[serde(rename = "m")]
    missed: Vec<(i64, Option<i64>, u64)>,
}

/// One doing.
#[derive(Clone, Serialize, Deserialize)]
struct Written {
    p: i64,
    a: Option<i64>,
    e: Option<i64>,
    k: u8,
    at: i64,
    id: i64,
    given: Option<String>,
    accepted: i64,
    t: String,
    d: Option<WrittenDelivery>,
}

/// The delivery that it is about.
#[derive(Clone, Serialize, Deserialize)]
struct WrittenDelivery {
    id: i64,
    made: i64,
    e: Option<String>,
    n: Option<u32>,
    s: Option<u16>,
    c: Option<u8>,
}

impl Wants {
    pub(super) fn of(node: u64, projects: &[ProjectId]) -> Self {
        let projects = projects.iter().map(|id| id.0).collect();
        Self { node, projects }
    }

    pub(super) fn projects(&self) -> impl Iterator<Item = ProjectId> {
        self.projects.iter().copied().map(ProjectId)
    }

    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

impl Said {
    const fn nothing(node: u64) -> Self {
        Self {
            node,
            doings: Vec::new(),
            missed: Vec::new(),
        }
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub(super) fn doings(&self) -> impl Iterator<Item = (Whose, Doing)> {
        self.doings.iter().filter_map(Written::read)
    }

    pub(super) fn missed(&self) -> impl Iterator<Item = Missed> {
        self.missed.iter().map(|(project, account, count)| Missed {
            project_id: ProjectId(*project),
            account_id: account.map(AccountId),
            count: *count,
        })
    }
}

/// Writes what waits, in as many pieces as it takes.
pub(super) fn pieces(node: u64, outbox: &Outbox) -> Vec<String> {
    let mut pieces = Pieces {
        done: Vec::new(),
        next: Said::nothing(node),
        bytes: 0,
    };
    for (whose, doing) in &outbox.doings {
        pieces.add(&Written::of(whose, doing), |next, it| next.doings.push(it));
    }
    for it in outbox.missed() {
        let missed = (it.project_id.0, it.account_id.map(|id| id.0), it.count);
        pieces.add(&missed, |next, it| next.missed.push(it));
    }
    pieces.end();
    pieces.done
}

/// What stands around the doings of a piece, at most.
const FRAME_BYTES: usize = 64;

struct Pieces {
    done: Vec<String>,
    next: Said,
    bytes: usize,
}

impl Pieces {
    fn add<T: Serialize + Clone>(&mut self, it: &T, put: impl FnOnce(&mut Said, T)) {
        // With the comma after it.
        let bytes = serde_json::to_string(it).map_or(0, |text| text.len() + 1);
        if self.bytes + bytes + FRAME_BYTES > ASIDE_BYTES_MAX {
            self.end();
        }
        self.bytes += bytes;
        put(&mut self.next, it.clone());
    }

    fn end(&mut self) {
        if self.bytes > 0 {
            let after = Said::nothing(self.next.node);
            let piece = std::mem::replace(&mut self.next, after);
            self.done
                .push(serde_json::to_string(&piece).unwrap_or_default());
            self.bytes = 0;
        }
    }
}

impl Written {
    fn of(whose: &Whose, doing: &Doing) -> Self {
        Self {
            p: whose.project_id.0,
            a: whose.account_id.map(|id| id.0),
            e: whose.endpoint_id.map(|id| id.0),
            k: doing.kind as u8,
            at: doing.at.0,
            id: doing.event_id.0,
            given: doing.event_given_id.clone(),
            accepted: doing.event_accepted_at.0,
            t: doing.event_type.to_string(),
            d: doing.delivery.as_ref().map(|it| WrittenDelivery {
                id: it.id.0,
                made: it.created_at.0,
                e: it.endpoint.clone(),
                n: it.attempt,
                s: it.status,
                c: it.error.map(ErrorClass::code),
            }),
        }
    }

    /// `None` where its kind is one of another version.
    fn read(&self) -> Option<(Whose, Doing)> {
        let kinds = DoingKind::ALL.into_iter();
        let whose = Whose {
            project_id: ProjectId(self.p),
            account_id: self.a.map(AccountId),
            endpoint_id: self.e.map(EndpointId),
        };
        let doing = Doing {
            kind: kinds.into_iter().find(|kind| *kind as u8 == self.k)?,
            at: UnixMs(self.at),
            event_id: EventId(self.id),
            event_given_id: self.given.clone(),
            event_accepted_at: UnixMs(self.accepted),
            event_type: Arc::from(self.t.as_str()),
            delivery: self.d.as_ref().map(|it| DeliveryDone {
                id: DeliveryId(it.id),
                created_at: UnixMs(it.made),
                endpoint: it.e.clone(),
                attempt: it.n,
                status: it.s,
                error: it.c.and_then(ErrorClass::from_code),
            }),
        };
        Some((whose, doing))
    }
}

#[cfg(test)]
mod tests {
    use hookwright_core::limits::{EVENT_TYPE_CHARS_MAX, GIVEN_ID_CHARS_MAX, STREAMS_MAX};

    use super::*;
    use crate::live::Elsewhere;

    fn whose() -> Whose {
        Whose {
            project_id: ProjectId(i64::MAX),
            account_id: Some(AccountId(i64::MAX)),
            endpoint_id: None,
        }
    }

    /// As long as one can be.
    fn doing() -> Doing {
        let delivery = DeliveryDone {
            id: DeliveryId(i64::MAX),
            created_at: UnixMs(i64::MAX),
            endpoint: Some("e".repeat(64)),
            attempt: Some(u32::MAX),
            status: Some(503),
            error: Some(ErrorClass::ServerError),
        };
        Doing {
            kind: DoingKind::Failed,
            at: UnixMs(i64::MAX),
            event_id: EventId(i64::MAX),
            event_given_id: Some("\u{1}".repeat(GIVEN_ID_CHARS_MAX)),
            event_accepted_at: UnixMs(i64::MAX),
            event_type: "\u{1}".repeat(EVENT_TYPE_CHARS_MAX).into(),
            delivery: Some(delivery),
        }
    }

    #[test]
    fn what_is_written_in_pieces_is_read_back_whole() {
        let mut outbox = Outbox::default();
        let all: Vec<_> = (0..100).map(|_| (whose(), Arc::new(doing()))).collect();
        outbox.doings.clone_from(&all);
        (0..300).for_each(|account| {
            let account_id = Some(AccountId(account));
            let whose = whose();
            outbox.miss_one(&Whose {
                account_id,
                ..whose
            });
        });
        let pieces = pieces(7, &outbox);
        assert!(pieces.len() > 1);
        assert!(pieces.iter().all(|piece| piece.len() <= ASIDE_BYTES_MAX));
        let read: Vec<Said> = pieces.iter().filter_map(|it| Said::read(it)).collect();
        assert!(read.iter().all(|said| said.node == 7));
        let doings: Vec<_> = read.iter().flat_map(Said::doings).collect();
        let written: Vec<_> = all
            .into_iter()
            .map(|(of, it)| (of, (*it).clone()))
            .collect();
        assert_eq!(doings, written);
        assert_eq!(read.iter().flat_map(Said::missed).count(), 300);
    }

    #[test]
    fn the_wants_of_a_node_with_as_many_streams_as_may_be_fit_into_one_piece() {
        let projects: Vec<_> = (0..STREAMS_MAX as i64)
            .map(|id| ProjectId(i64::MAX - id))
            .collect();
        let text = Wants::of(u64::MAX, &projects).write();
        assert!(text.len() <= ASIDE_BYTES_MAX, "{}", text.len());
        let read = Wants::read(&text).expect("read");
        assert!(read.projects().eq(projects));
        let elsewhere = Elsewhere::default();
        elsewhere.want(1, 1, read.projects().collect());
        assert!(elsewhere.is_wanted());
    }

    #[test]
    fn what_is_of_another_version_is_left_alone() {
        for text in ["", "{}", "[]", r#"{"n":1,"d":[{"k":9}],"m":[]}"#] {
            assert!(Said::read(text).is_none(), "{text}");
        }
        let piece = pieces(1, &Outbox::default());
        assert_eq!(piece, [""; 0], "nothing is said of nothing");
    }
}
