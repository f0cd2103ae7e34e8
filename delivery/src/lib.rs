//! hookwright-delivery
