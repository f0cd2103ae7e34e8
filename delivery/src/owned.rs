//! Which lanes this node should ask to own, look at, and give up: the lanes that one node at a time
//! may work on (see [`Target::needs_owner`](crate::target::Target::needs_owner)).

use std::collections::{HashMap, HashSet};

use hookwright_core::ids::{EndpointId, ProjectId};

/// Lanes named in one question to the store.
pub(crate) const LANES_AT_ONCE: usize = 1_000;
/// The store is asked for lanes once in this time, however many are wanted.
const ASK_EVERY_US: u64 = 100_000;
/// A lane is asked for, and an owned lane is looked at, once in this time.
const TURN_US: u64 = 1_000_000;
/// An owned lane that had nothing to do for this long is given up.
const IDLE_US_MAX: u64 = 60_000_000;

/// A lane as the store's `own_lanes` and `disown_lanes` name it.
pub(crate) type LaneName = (ProjectId, EndpointId);

/// What this node knows of lanes that need an owner.
#[derive(Default)]
pub(crate) struct Owned {
    wanted: HashMap<EndpointId, ProjectId>,
    asked_at_us: HashMap<EndpointId, u64>,
    ask_again_at_us: u64,
    lanes: HashMap<EndpointId, Lane>,
    looked_at_us: u64,
}

struct Lane {
    project_id: ProjectId,
    /// When it was last seen to have something to do.
    busy_at_us: u64,
}

/// How an owned lane is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It is not surely this node's any more.
    Lost,
    /// It needs no owner any more.
    Free,
    /// It has deliveries in memory.
    Busy,
    /// It has none.
    Quiet,
}

/// What follows from a look at the owned lanes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// What they hold in memory belongs back into the store. They are wanted again.
    pub(crate) lost: Vec<EndpointId>,
    /// To be given up.
    pub(crate) given_up: Vec<LaneName>,
    /// Others may have accepted something for them.
    pub(crate) kept: Vec<EndpointId>,
}

impl Owned {
    /// This node has something to do in a lane that it does not own.
    pub(crate) fn want(&mut self, (project, lane): LaneName) {
        self.wanted.insert(lane, project);
    }

    /// Takes the wanted lanes to ask for now.
    pub(crate) fn take_wanted(&mut self, now_us: u64) -> Vec<LaneName> {
        if now_us < self.ask_again_at_us {
            return Vec::new();
        }
        self.ask_again_at_us = now_us.saturating_add(ASK_EVERY_US);
        self.asked_at_us
            .retain(|_, asked_at_us| asked_at_us.saturating_add(TURN_US) > now_us);
        let asked = &mut self.asked_at_us;
        let due = self
            .wanted
            .extract_if(|lane, _| !asked.contains_key(lane))
            .take(LANES_AT_ONCE)
            .map(|(lane, project)| (project, lane))
            .collect::<Vec<_>>();
        asked.extend(due.iter().map(|(_, lane)| (*lane, now_us)));
        due
    }

    /// Learns which of the lanes that were asked for are this node's.
    pub(crate) fn learn(&mut self, asked: &[LaneName], owned: &[EndpointId], now_us: u64) {
        let owned: HashSet<&EndpointId> = owned.iter().collect();
        for (project_id, lane) in asked {
            if owned.contains(lane) {
                let busy_at_us = now_us;
                let project_id = *project_id;
                let owned = Lane {
                    project_id,
                    busy_at_us,
                };
                self.lanes.insert(*lane, owned);
            } else {
                self.lanes.remove(lane);
            }
        }
    }

    /// Looks at the owned lanes, if it is time.
    pub(crate) fn look(&mut self, now_us: u64, find: impl Fn(EndpointId) -> Found) -> Look {
        let mut look = Look::default();
        if now_us < self.look_at_us() {
            return look;
        }
        self.looked_at_us = now_us;
        let wanted = &mut self.wanted;
        self.lanes.retain(|id, lane| {
            let found = find(*id);
            if found == Found::Busy {
                lane.busy_at_us = now_us;
            }
            let idle_us = now_us.saturating_sub(lane.busy_at_us);
            match found {
                Found::Lost => {
                    look.lost.push(*id);
                    wanted.insert(*id, lane.project_id);
                }
                Found::Quiet if idle_us < IDLE_US_MAX => look.kept.push(*id),
                Found::Quiet | Found::Free => look.given_up.push((lane.project_id, *id)),
                Found::Busy => look.kept.push(*id),
            }
            found == Found::Busy || (found == Found::Quiet && idle_us < IDLE_US_MAX)
        });
        look
    }

    /// When there is something to ask or to look at; `None` while there is no such lane.
    pub(crate) fn next_us(&self) -> Option<u64> {
        let ask = (!self.wanted.is_empty()).then_some(self.ask_again_at_us);
        let look = (!self.lanes.is_empty()).then(|| self.look_at_us());
        ask.into_iter().chain(look).min()
    }

    /// How many lanes this node owns.
    pub(crate) fn count(&self) -> usize {
        self.lanes.len()
    }

    const fn look_at_us(&self) -> u64 {
        self.looked_at_us.saturating_add(TURN_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANE: LaneName = (ProjectId(1), EndpointId(7));
    const SECOND_US: u64 = 1_000_000;

    fn owning(now_us: u64) -> Owned {
        let mut owned = Owned::default();
        owned.learn(&[LANE], &[LANE.1], now_us);
        owned
    }

    fn kept(lane: EndpointId) -> Look {
        Look {
            kept: vec![lane],
            ..Look::default()
        }
    }

    #[test]
    fn a_wanted_lane_is_asked_for_at_once_and_then_once_a_second() {
        let mut owned = Owned::default();
        assert_eq!(owned.next_us(), None);
        owned.want(LANE);
        assert_eq!(owned.next_us(), Some(0));
        assert_eq!(owned.take_wanted(5), [LANE]);
        assert_eq!(owned.next_us(), None, "until it is wanted again");
        owned.learn(&[LANE], &[], 6);
        owned.want(LANE);
        assert_eq!(owned.take_wanted(SECOND_US - 100_000), []);
        assert_eq!(owned.take_wanted(SECOND_US + 5), [LANE]);
    }

    #[test]
    fn many_wanted_lanes_are_asked_for_in_pieces_ten_times_a_second() {
        let mut owned = Owned::default();
        let count = LANES_AT_ONCE + 1;
        (0..count as i64).for_each(|id| owned.want((ProjectId(1), EndpointId(id))));
        assert_eq!(owned.take_wanted(7).len(), LANES_AT_ONCE);
        assert_eq!(owned.take_wanted(8), []);
        let next = owned.next_us().expect("one is left");
        assert_eq!(next, 100_007);
        assert_eq!(owned.take_wanted(next).len(), 1);
    }

    #[test]
    fn an_owned_lane_is_looked_at_once_a_second() {
        let mut owned = owning(0);
        assert_eq!(owned.next_us(), Some(SECOND_US));
        assert_eq!(owned.look(SECOND_US, |_| Found::Quiet), kept(LANE.1));
        let early = owned.look(2 * SECOND_US - 1, |_| Found::Lost);
        assert_eq!(early, Look::default());
        assert_eq!(owned.look(2 * SECOND_US, |_| Found::Busy), kept(LANE.1));
    }

    #[test]
    fn a_lane_is_given_up_after_a_minute_without_work() {
        let mut owned = owning(0);
        assert_eq!(owned.look(30 * SECOND_US, |_| Found::Busy), kept(LANE.1));
        assert_eq!(
            owned.look(90 * SECOND_US - 1, |_| Found::Quiet),
            kept(LANE.1)
        );
        let look = owned.look(91 * SECOND_US, |_| Found::Quiet);
        assert_eq!((look.given_up, look.kept), (vec![LANE], vec![]));
        assert_eq!((owned.count(), owned.next_us()), (0, None));
    }

    #[test]
    fn a_lane_that_needs_no_owner_any_more_is_given_up_at_once() {
        let mut owned = owning(0);
        let look = owned.look(SECOND_US, |_| Found::Free);
        assert_eq!((look.given_up, owned.count()), (vec![LANE], 0));
    }

    #[test]
    fn a_lost_lane_is_emptied_and_wanted_again() {
        let mut owned = owning(0);
        let look = owned.look(SECOND_US, |_| Found::Lost);
        assert_eq!((look.lost, look.given_up), (vec![LANE.1], vec![]));
        assert_eq!(owned.count(), 0);
        assert_eq!(owned.take_wanted(SECOND_US), [LANE]);
    }

    #[test]
    fn a_lane_that_turns_out_to_be_anothers_is_not_owned() {
        let mut owned = owning(0);
        owned.learn(&[LANE], &[], 1);
        assert_eq!(owned.count(), 0);
    }
}
