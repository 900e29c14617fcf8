//! What shapes land, against peers: `cargo bench -p bluemarble_benches --bench landscape`.
//!
//! | module | what it times |
//! |---|---|
//! | `areas` | what a step on an area of a world costs as the area grows |
//! | `rivers` | a time step of uplift and rivers, against fastscapelib (C++, from Python) |
//! | `runoff` | a short step of water in pipes, against a plain loop over nodes |

#![allow(clippy::print_stdout, reason = "benches are programs for the terminal")]

mod areas;
mod peer;
mod rivers;
mod runoff;

fn main() {
    areas::run();
    runoff::run();
    rivers::run();
}
