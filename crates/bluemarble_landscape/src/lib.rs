//! What shapes land, on height fields: each process is a function of slices of numbers, one for each node of a grid.
//!
//! Heights and thicknesses are in metres, areas in m², volumes in m³, and time is in years where nothing else is said. Nothing
//! here is random, and nothing depends on how many threads there are: the same input gives the same bits.
//!
//! | module | what it holds |
//! |---|---|
//! | [`grid`] | where nodes lie, and which lie beside each other: [`grid::PlaneGrid`], [`grid::GlobeGrid`] |
//! | [`flow`] | [`flow::Flow`]: where water runs, through lakes and out of them |
//! | [`rivers`] | they cut into rock ([`rivers::Incision`]), carry it, and leave it ([`rivers::Deposition`]) |
//! | [`slopes`] | soil creeps ([`slopes::Creep`]), what is too steep slides ([`slopes::Talus`]), rock becomes soil ([`slopes::Weathering`]) |
//! | [`spreading`] | [`spreading::Spreading`]: ice and lava flow under their own weight |
//! | [`volcano`] | lava that becomes rock ([`volcano::Lava`]), and ash ([`volcano::AshFall`]) |
//! | [`glaciers`] | [`glaciers::Glaciers`]: ice from snow, which grinds its bed and leaves moraines |
//! | [`tectonics`] | [`tectonics::Drift`]: plates drift, crust is made, goes under or piles up |
//! | [`isostasy`] | the crust floats: [`isostasy::Densities`], [`isostasy::Plate`] |
//! | [`water`] | [`water::Runoff`]: water that runs within minutes, and what it washes along |
//! | [`climate`] | how warm it is ([`climate::Temperatures`]), and where rain falls ([`climate::MountainRain`]) |
//! | [`sea`] | which land the sea covers, and [`sea::Hypsometry`] |
//! | [`evolution`] | [`evolution::Evolution`]: all of these together on a piece of land, with a budget of rock |
#![cfg_attr(test, allow(clippy::print_stdout, reason = "tests print how far they are off"))]
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

pub mod climate;
pub mod evolution;
pub mod flow;
pub mod glaciers;
pub mod grid;
pub mod isostasy;
pub mod rivers;
pub mod sea;
pub mod slopes;
pub mod spreading;
pub mod tectonics;
pub mod volcano;
pub mod water;
mod waves;

/// Rough ground for tests, 0 to 1.
#[cfg(test)]
fn noise(seed: u64) -> f64 {
    let mixed = (seed ^ seed >> 7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed ^ mixed >> 32) >> 11) as f64 / (1u64 << 53) as f64
}
