//! Programs that show what the plugin does: see `globe` and `minimal`.

/// Compiles what README shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
