//! How a job is held by one node at a time, paused, and moved on.

use std::collections::BTreeMap;

use hookwright_core::ids::JobId;
use hookwright_core::job_state::{JobCommand, JobKind, JobState};
use hookwright_core::limits::{JOB_LEASE_MS, JOBS_OPEN_PER_PROJECT_MAX};
use hookwright_core::time::UnixMs;
use hookwright_store::{
    BroadcastSpec, HeldJob, Job, JobProgress, JobSpec, Lease, NewJob, Page, PurgeOf, PurgeSpec,
    ReplaySpec, StepEnd, StoreError,
};

use super::house::{House, NOW, Tenant, all};

/// A replay of the tenant's account.
pub fn a_replay(tenant: Tenant, public_id: &str) -> NewJob {
    NewJob {
        public_id: public_id.to_owned(),
        project_id: tenant.project,
        account_id: Some(tenant.account),
        spec: JobSpec::Replay(ReplaySpec {
            event_types: vec!["user.*".to_owned()],
            rows_per_second: 7,
            ..ReplaySpec::default()
        }),
        progress: JobProgress::default(),
        place: -1,
        now: NOW,
    }
}

fn a_broadcast(tenant: Tenant, public_id: &str) -> NewJob {
    NewJob {
        account_id: None,
        spec: JobSpec::Broadcast(BroadcastSpec {
            data: Some("{}".to_owned()),
            ..BroadcastSpec::default()
        }),
        ..a_replay(tenant, public_id)
    }
}

fn a_purge(tenant: Tenant, public_id: &str) -> NewJob {
    NewJob {
        account_id: None,
        spec: JobSpec::Purge(PurgeSpec {
            of: PurgeOf::Subject("digest".to_owned()),
            key: None,
            end_row: 0,
        }),
        ..a_replay(tenant, public_id)
    }
}

impl House {
    /// Makes a job and takes it.
    pub async fn job_of(&self, new: NewJob) -> HeldJob {
        let id = self.create_job(new).await.expect("made").id;
        let (job, lease) = self.take_job(NOW).await.expect("asked").expect("one");
        assert_eq!(job.id, id);
        HeldJob { id, lease }
    }
}

/// A step that got to this row.
pub fn at(place: i64) -> StepEnd {
    StepEnd {
        place,
        ..StepEnd::default()
    }
}

/// The last step.
pub fn the_end(place: i64) -> StepEnd {
    StepEnd {
        ends: Some(JobState::Finished),
        ..at(place)
    }
}

const AFTER_A_LEASE: UnixMs = NOW.plus_ms(JOB_LEASE_MS + 1);

facts! {
    async fn a_job_reads_back_as_it_was_made(house: House) {
        let acme = house.tenant("acme").await;
        let made = house.create_job(a_replay(acme, "rpl_1")).await.expect("made");
        assert_eq!((made.state, made.place, made.finished_at), (JobState::Running, -1, None));
        assert_eq!(made.spec, a_replay(acme, "").spec);
        let seen = house.job(acme.scope(), JobKind::Replay, "rpl_1".to_owned()).await;
        assert_eq!(seen.expect("seen"), made);
        let listed = house.jobs(acme.scope(), JobKind::Replay, all()).await.expect("listed");
        assert_eq!(listed.rows, [made]);
        let again = house.create_job(a_replay(acme, "rpl_1")).await;
        assert!(matches!(again, Err(StoreError::Exists(_))));
    }

    async fn a_job_is_seen_within_its_scope_and_under_its_kind_only(house: House) {
        let acme = house.tenant("acme").await;
        let zeta = house.tenant("zeta").await;
        let beside = house.neighbour(acme, "beside").await;
        house.create_job(a_replay(acme, "rpl_1")).await.expect("made");
        house.create_job(a_broadcast(acme, "brc_1")).await.expect("made");
        let sees = async |scope, kind, id: &str| house.job(scope, kind, id.to_owned()).await.is_ok();
        assert!(sees(acme.project_scope(), JobKind::Replay, "rpl_1").await);
        assert!(!sees(acme.project_scope(), JobKind::Purge, "rpl_1").await);
        assert!(!sees(beside.scope(), JobKind::Replay, "rpl_1").await);
        assert!(!sees(zeta.project_scope(), JobKind::Replay, "rpl_1").await);
        assert!(sees(acme.project_scope(), JobKind::Broadcast, "brc_1").await);
        assert!(!sees(acme.scope(), JobKind::Broadcast, "brc_1").await, "no account's");
        let command = (JobKind::Replay, "rpl_1".to_owned());
        let told = house.command_job(beside.scope(), command, JobCommand::Cancel, NOW).await;
        assert!(matches!(told, Err(StoreError::NotFound)));
    }

    async fn jobs_are_listed_newest_first_in_pages(house: House) {
        let acme = house.tenant("acme").await;
        for index in 0..5 {
            house.create_job(a_replay(acme, &format!("rpl_{index}"))).await.expect("made");
        }
        let mut found = Vec::new();
        let mut page = Page { before: None, after: None, limit: 2 };
        loop {
            let listed = house.jobs(acme.project_scope(), JobKind::Replay, page).await.expect("listed");
            found.extend(listed.rows.into_iter().map(|job| job.public_id));
            page.before = listed.next;
            if page.before.is_none() {
                break;
            }
        }
        assert_eq!(found, ["rpl_4", "rpl_3", "rpl_2", "rpl_1", "rpl_0"]);
    }

    async fn one_at_a_time_has_a_job_and_the_oldest_is_taken_first(house: House) {
        let acme = house.tenant("acme").await;
        let mut ids: Vec<JobId> = Vec::new();
        for id in ["rpl_1", "rpl_2"] {
            ids.push(house.create_job(a_replay(acme, id)).await.expect("made").id);
        }
        for id in &ids {
            let (job, _) = house.take_job(NOW).await.expect("asked").expect("one");
            assert_eq!(job.id, *id);
        }
        assert_eq!(house.take_job(NOW).await.expect("asked"), None);
        let again = house.take_job(AFTER_A_LEASE).await.expect("asked");
        assert_eq!(again.expect("its holder is gone").0.id, ids[0]);
    }

    async fn a_step_is_noted_by_its_holder_alone(house: House) {
        let acme = house.tenant("acme").await;
        let first = house.job_of(a_replay(acme, "rpl_1")).await;
        let skipped = BTreeMap::from([("x".to_owned(), 2)]);
        for done in [3, 4] {
            let end = StepEnd { skipped: skipped.clone(), ..at(done) };
            let job = house.note_step(first, (done as u64, end), NOW).await.expect("noted");
            assert_eq!(job.expect("its own").place, done);
        }
        let (_, lease) = house.take_job(AFTER_A_LEASE).await.expect("asked").expect("one");
        assert_eq!(house.note_step(first, (9, at(99)), NOW).await.expect("asked"), None);
        let second = HeldJob { lease, ..first };
        let job = house.note_step(second, (1, the_end(5)), NOW).await.expect("noted").expect("its own");
        assert_eq!((job.progress.done, job.place, job.state), (8, 5, JobState::Finished));
        assert_eq!(job.progress.skipped["x"], 4);
        assert_eq!(job.finished_at, Some(NOW));
        assert_eq!(house.take_job(UnixMs(i64::MAX / 2)).await.expect("asked"), None);
    }

    async fn a_step_lengthens_the_lease(house: House) {
        let acme = house.tenant("acme").await;
        let held = house.job_of(a_replay(acme, "rpl_1")).await;
        let later = NOW.plus_ms(JOB_LEASE_MS - 1);
        assert!(house.note_step(held, (0, at(1)), later).await.expect("noted").is_some());
        assert_eq!(house.take_job(AFTER_A_LEASE).await.expect("asked"), None);
    }

    async fn a_paused_job_rests_and_a_resumed_one_is_taken_at_once(house: House) {
        let acme = house.tenant("acme").await;
        let held = house.job_of(a_replay(acme, "rpl_1")).await;
        let tell = async |command| {
            let job = (JobKind::Replay, "rpl_1".to_owned());
            house.command_job(acme.scope(), job, command, NOW).await.expect("told").state
        };
        assert_eq!(tell(JobCommand::Pause).await, JobState::Paused);
        assert_eq!(house.note_step(held, (1, at(1)), NOW).await.expect("asked"), None);
        assert_eq!(house.take_job(AFTER_A_LEASE).await.expect("asked"), None);
        assert_eq!(tell(JobCommand::Resume).await, JobState::Running);
        assert_eq!(house.note_step(held, (1, at(1)), NOW).await.expect("asked"), None, "it was taken away");
        let (job, _) = house.take_job(NOW).await.expect("asked").expect("one");
        assert_eq!((job.id, job.progress.done), (held.id, 0));
        assert_eq!(tell(JobCommand::Cancel).await, JobState::Cancelled);
        assert_eq!(tell(JobCommand::Resume).await, JobState::Cancelled);
        assert_eq!(house.take_job(AFTER_A_LEASE).await.expect("asked"), None);
    }

    async fn what_a_broadcast_said_is_forgotten_when_it_ends(house: House) {
        let acme = house.tenant("acme").await;
        let data = |job: &Job| match &job.spec {
            JobSpec::Broadcast(spec) => spec.data.clone(),
            other => panic!("{other:?}"),
        };
        let held = house.job_of(a_broadcast(acme, "brc_1")).await;
        let job = house.note_step(held, (1, at(1)), NOW).await.expect("noted").expect("its own");
        assert_eq!(data(&job).as_deref(), Some("{}"));
        house.note_step(held, (1, the_end(2)), NOW).await.expect("noted");
        house.create_job(a_broadcast(acme, "brc_2")).await.expect("made");
        let job = (JobKind::Broadcast, "brc_2".to_owned());
        house.command_job(acme.project_scope(), job, JobCommand::Cancel, NOW).await.expect("told");
        for id in ["brc_1", "brc_2"] {
            let job = house.job(acme.project_scope(), JobKind::Broadcast, id.to_owned()).await;
            assert_eq!(data(&job.expect("seen")), None);
        }
    }

    async fn a_crash_frees_its_jobs_with_what_they_had_done(house: House) {
        let acme = house.tenant("acme").await;
        let held = house.job_of(a_replay(acme, "rpl_1")).await;
        house.note_step(held, (5, at(17)), NOW).await.expect("noted");
        let house = house.crashed(NOW).await;
        let (job, lease) = house.take_job(NOW).await.expect("asked").expect("at once");
        assert_eq!((job.place, job.progress.done), (17, 5));
        assert_ne!(lease, held.lease);
        assert_ne!(lease, Lease(0));
    }

    async fn no_project_has_too_many_that_have_not_ended(house: House) {
        let acme = house.tenant("acme").await;
        let zeta = house.tenant("zeta").await;
        for index in 0..JOBS_OPEN_PER_PROJECT_MAX {
            house.create_job(a_replay(acme, &format!("rpl_{index}"))).await.expect("made");
        }
        let one_more = house.create_job(a_replay(acme, "rpl_x")).await;
        assert!(matches!(one_more, Err(StoreError::LimitReached { .. })));
        house.create_job(a_replay(zeta, "rpl_z")).await.expect("another's");
        let job = (JobKind::Replay, "rpl_3".to_owned());
        house.command_job(acme.scope(), job, JobCommand::Cancel, NOW).await.expect("told");
        house.create_job(a_replay(acme, "rpl_x")).await.expect("one has ended");
    }

    async fn jobs_that_ended_long_ago_go_a_few_at_a_time_and_receipts_stay(house: House) {
        let acme = house.tenant("acme").await;
        let zeta = house.tenant("zeta").await;
        let at = |ms: u64| NOW.plus_ms(ms);
        let end = async |tenant: Tenant, new: NewJob, when: UnixMs| {
            let job = (new.spec.kind(), new.public_id.clone());
            house.create_job(new).await.expect("made");
            house.command_job(tenant.project_scope(), job, JobCommand::Cancel, when).await.expect("told");
        };
        for index in 0..4 {
            end(acme, a_replay(acme, &format!("rpl_{index}")), at(index)).await;
        }
        end(acme, a_broadcast(acme, "brc_1"), at(0)).await;
        end(zeta, a_replay(zeta, "rpl_z"), at(0)).await;
        end(acme, a_purge(acme, "prg_1"), at(0)).await;
        house.create_job(a_replay(acme, "rpl_open")).await.expect("made");

        let old = at(3);
        assert_eq!(house.prune_jobs(Some(acme.project), old, 2).await.expect("pruned"), 2);
        assert_eq!(house.prune_jobs(Some(acme.project), old, 10).await.expect("pruned"), 2);
        assert_eq!(house.prune_jobs(Some(acme.project), old, 10).await.expect("pruned"), 0);
        let left = async |tenant: Tenant, kind| {
            let listed = house.jobs(tenant.project_scope(), kind, all()).await.expect("listed");
            listed.rows.into_iter().map(|job| job.public_id).collect::<Vec<_>>()
        };
        assert_eq!(left(acme, JobKind::Replay).await, ["rpl_open", "rpl_3"], "it ended no earlier");
        assert!(left(acme, JobKind::Broadcast).await.is_empty());
        assert_eq!(left(zeta, JobKind::Replay).await, ["rpl_z"], "another project's");
        assert_eq!(house.prune_jobs(None, at(4), 10).await.expect("pruned"), 2);
        assert_eq!(left(acme, JobKind::Replay).await, ["rpl_open"], "it has not ended");
        assert!(left(zeta, JobKind::Replay).await.is_empty());
        assert_eq!(left(acme, JobKind::Purge).await, ["prg_1"], "a receipt");
    }
}
