//! hookwright-store
