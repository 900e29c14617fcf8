//! Frames of a streaming world, without a graphics card: the plugin against itself standing still, and
//! side by side with `bevy_voxel_world`.
//!
//! `cargo run -p bluemarble_streaming_bench [-- pace | descent | race]`. Every run is a process of its own, so
//! that its memory is its own; runs of both sides alternate, and every row is printed, whoever wins.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod descent;
mod earth;
mod frames;
mod pace;
mod peer;
mod plugin;
mod race;
mod terrain;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["one", what] => race::one(what),
        ["pace"] => pace::run(),
        ["descent"] => descent::run(),
        ["race"] => race::run(),
        [] => {
            pace::run();
            descent::run();
            race::run();
        }
        _ => println!("usage: streaming [pace | descent | race]"),
    }
}
