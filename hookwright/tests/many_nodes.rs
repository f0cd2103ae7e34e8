//! Many nodes, the real binary, on one real PostgreSQL: what is lost when parts of it die?

#[path = "many_nodes/cluster.rs"]
mod cluster;
#[path = "many_nodes/load.rs"]
mod load;
#[path = "many_nodes/node.rs"]
mod node;
#[path = "many_nodes/place.rs"]
mod place;
#[path = "many_nodes/receiver.rs"]
mod receiver;
#[path = "many_nodes/support.rs"]
mod support;
#[path = "many_nodes/verdict.rs"]
mod verdict;

#[path = "many_nodes/database.rs"]
mod database;
#[path = "many_nodes/frozen.rs"]
mod frozen;
#[path = "many_nodes/killed.rs"]
mod killed;
#[path = "many_nodes/routing.rs"]
mod routing;
#[path = "many_nodes/stopped.rs"]
mod stopped;
#[path = "many_nodes/streamed.rs"]
mod streamed;
#[path = "many_nodes/together.rs"]
mod together;
#[path = "many_nodes/told.rs"]
mod told;
#[path = "many_nodes/upgrade.rs"]
mod upgrade;
