//! hookwright-core
