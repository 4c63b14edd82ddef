//! Nothing but its bench: `benches/embedding.rs`.
