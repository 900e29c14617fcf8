//! Programs that show what the plugin does: `minimal` first, `globe` for everything.

/// Compiles what README shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
