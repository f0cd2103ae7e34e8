//! hookwright
fn main() {}
