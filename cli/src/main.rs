//! The `aivi` program.
fn main() {}
