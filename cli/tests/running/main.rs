//! Programs that run, as those see them who look at them from outside.

#[path = "../common/child.rs"]
mod child;
#[path = "../common/mod.rs"]
mod common;
#[cfg(target_os = "linux")]
mod connections;
#[cfg(target_os = "linux")]
mod descriptors;
mod dump;
mod late;
mod reports;
mod stats;
