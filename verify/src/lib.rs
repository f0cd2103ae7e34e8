//! hookwright-verify
