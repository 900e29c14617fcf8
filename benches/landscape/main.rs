//! What shapes land, against peers: `cargo bench -p bluemarble_benches --bench landscape`.
//!
//! | module | what it times |
//! |---|---|
//! | `rivers` | a time step of uplift and rivers, against fastscapelib (C++, from Python) |
//! | `runoff` | a short step of water in pipes, against a plain loop over nodes |

#![allow(clippy::print_stdout, reason = "benches are programs for the terminal")]

mod peer;
mod rivers;
mod runoff;

fn main() {
    runoff::run();
    rivers::run();
}
