//! `hookwright migrate`, the real binary from a real folder into a real PostgreSQL: is everything
//! there afterwards, whatever happened on the way?

#[expect(dead_code, reason = "the other tests use the rest")]
#[path = "end_to_end/support/mod.rs"]
mod support;

#[path = "migrate/answers.rs"]
mod answers;
#[path = "migrate/command.rs"]
mod command;
#[path = "migrate/database.rs"]
mod database;
#[path = "migrate/story.rs"]
mod story;

#[path = "migrate/crashed.rs"]
mod crashed;
#[path = "migrate/moved.rs"]
mod moved;
#[path = "migrate/refused.rs"]
mod refused;
