//! Benches that compare Bluemarble with its peers, side by side: see the folders beside `src`. Here is what
//! they share.

#![allow(clippy::print_stdout, reason = "benches are programs for the terminal")]

pub mod random;
pub mod table;
