//! hookwright-web
