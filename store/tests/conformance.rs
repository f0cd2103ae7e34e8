//! Whether every engine behaves the same: one suite, run against each.
//!
//! A test is a fact, written once under `conformance/` with `facts!`, and becomes one `#[test]` per
//! engine (`append::sqlite::an_event_...`). To add an engine: a variant of [`place::Engine`] with the
//! way to make, reopen and crash an empty store, and one line in [`facts!`]. No test is touched.

/// Makes each fact a test of each engine.
macro_rules! facts {
    ($($(#[$note:meta])* async fn $name:ident($house:ident: House) $body:block)+) => {
        $($(#[$note])* async fn $name(mut $house: crate::conformance::house::House) {
            // Only some facts reopen their house.
            let _ = &mut $house;
            $body
        })+
        on_engine!(sqlite, Sqlite, $($name)+);
        on_engine!(postgres, Postgres, $($name)+);
    };
}

macro_rules! on_engine {
    ($engine:ident, $variant:ident, $($name:ident)+) => {
        mod $engine {
            $(#[test] fn $name() {
                crate::conformance::house::run(
                    crate::conformance::place::Engine::$variant,
                    super::$name,
                );
            })+
        }
    };
}

mod conformance {
    mod build;
    mod database;
    mod house;
    mod model;
    mod place;
    mod publish;

    mod accounts;
    mod append;
    mod audit;
    mod backlog;
    mod browser_keys;
    mod cancel;
    mod change_feed;
    mod claim;
    mod delayed;
    mod deliveries;
    mod endpoint_list;
    mod endpoints;
    mod event_types;
    mod events;
    mod failure;
    mod health;
    mod in_order;
    mod jobs;
    mod key_life;
    mod keys;
    mod lists;
    mod managed_lists;
    mod nodes;
    mod notices;
    mod owners;
    mod projects;
    mod prune;
    mod prune_class;
    mod purge;
    mod reclaim;
    mod recovery;
    mod release;
    mod replay;
    mod replay_filters;
    mod replay_retention;
    mod resend;
    mod rollups;
    mod settle;
    mod validation;
}
