//! [`RunOptions`]: how an area is shaped.

use std::path::PathBuf;

use bluemarble_core::parallel;

use crate::{area::Area, process::GeologicalProcess};

/// A process, and how fast time goes for it.
pub struct Rated {
    /// The process.
    pub process: Box<dyn GeologicalProcess>,
    /// Years of it for each year; 1 as in nature, 0 not at all.
    pub rate: f64,
}

/// How an area is shaped.
pub struct RunOptions {
    /// The area.
    pub area: Area,
    /// The processes, in the order in which they act within a step.
    pub processes: Vec<Rated>,
    /// Nodes along the edges of tiles: what is worked on at once by one thread.
    pub tile_nodes: usize,
    /// Threads.
    pub threads: usize,
    /// Where to keep what is needed to go on after a crash; `None` keeps nothing. A directory of its own.
    pub dir: Option<PathBuf>,
    /// What makes this run another one than those with other parameters: a run in `dir` goes on only if its own is the same.
    pub identity: String,
}

impl RunOptions {
    /// Some processes on an area, on all cores, of which nothing is kept.
    pub fn new(area: Area, processes: Vec<Rated>) -> Self {
        let threads = parallel::cores();
        Self { area, processes, tile_nodes: 256, threads, dir: None, identity: String::new() }
    }
}
