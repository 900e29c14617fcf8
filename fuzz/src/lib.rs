//! What must hold for any bytes that are read as a part of a world.
//!
//! Each target is one function of bytes that panics when a promise is broken. The fuzzers in
//! `fuzz_targets` call them, and so does `crates/bluemarble_store/tests/corpus.rs`, which includes this
//! file: both check the same. Only the public API of the crates is used.
//!
//! | room | targets |
//! |---|---|
//! | [`log`] | `log_segment`, `log_history` |
//! | [`shard`] | `shard_index` |
//! | [`chunk`] | `chunk_codec` |
//! | [`world`] | `world_documents` |
//!
//! [`segment`] knows the bytes of a log well enough to make their checksums true again, [`seeds`] makes
//! inputs that are accepted, [`mutate`] changes inputs where there is no fuzzer.

pub mod chunk;
pub mod log;
pub mod mutate;
pub mod seeds;
pub mod segment;
pub mod shard;
pub mod world;

/// What became of an input; both are fine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is what it claims to be.
    Accepted,
    /// It was refused with an error.
    Refused,
}

/// One thing to feed bytes to.
#[derive(Clone, Copy)]
pub struct Target {
    /// The fuzz target, and the folder of its corpus.
    pub name: &'static str,
    /// Panics if a promise is broken.
    pub run: fn(&[u8]) -> Verdict,
}

/// All targets.
pub const TARGETS: [Target; 5] = [
    Target { name: "log_segment", run: log::segment },
    Target { name: "log_history", run: log::history },
    Target { name: "shard_index", run: shard::index },
    Target { name: "chunk_codec", run: chunk::codec },
    Target { name: "world_documents", run: world::documents },
];
