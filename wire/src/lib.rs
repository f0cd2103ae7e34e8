//! hookwright-wire
