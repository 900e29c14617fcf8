//! The commands, one file each.

mod adopt;
mod bench;
mod compact;
mod copy;
mod edit;
mod export;
mod get;
mod import;
mod index;
mod info;
mod new;
mod query;
mod repair;
mod restore;
mod simulate;
mod snapshot;
mod verify;

use std::process::ExitCode;

use clap::Subcommand;

use crate::failure::Failure;

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Make an empty world directory over a baseline.
    New(new::New),
    /// Bring in elevations, volumes of numbers, MagicaVoxel scenes or octrees.
    #[command(subcommand)]
    Import(import::Import),
    /// Write a box of a world as plain Zarr, .npy, .vox or a linear octree.
    Export(export::Export),
    /// Say what a world is and what is stored in it.
    Info(info::Info),
    /// Check every document, shard and chunk, and name what is damaged.
    Verify(verify::Verify),
    /// Make documents and coarser lods again from the chunks of lod 0.
    Repair(repair::Repair),
    /// Take shards and documents that other programs have written for a part of the world.
    Adopt(adopt::Adopt),
    /// Copy a world to another directory or bucket: only what has changed since the last copy.
    Copy(copy::Copy),
    /// Keep the world as it is now, or list what is kept.
    Snapshot(snapshot::TakeSnapshot),
    /// Make the world what it was when a snapshot was taken.
    Restore(restore::Restore),
    /// Rewrite shards without gaps, and without what the baseline makes anyway.
    Compact(compact::Compact),
    /// Change voxels as lines on standard input say.
    Edit(edit::Edit),
    /// Print the materials of positions on standard input.
    Get(get::Get),
    /// Answer questions about voxels, boxes and rays on standard input, in JSON.
    #[command(subcommand)]
    Query(query::Query),
    /// Let geological processes shape an area, as a scenario says.
    Simulate(simulate::Simulate),
    /// Look at every stored chunk that has changed and keep what queries can be quick with.
    Index(index::Index),
    /// Measure edits and reads in a scratch world on the same disk.
    Bench(bench::Bench),
}

impl Command {
    /// Carries the command out.
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        match self {
            Self::New(command) => command.run(json),
            Self::Import(command) => command.run(json),
            Self::Export(command) => command.run(json),
            Self::Info(command) => command.run(json),
            Self::Verify(command) => command.run(json),
            Self::Repair(command) => command.run(json),
            Self::Adopt(command) => command.run(json),
            Self::Copy(command) => command.run(json),
            Self::Snapshot(command) => command.run(json),
            Self::Restore(command) => command.run(json),
            Self::Compact(command) => command.run(json),
            Self::Edit(command) => command.run(json),
            Self::Get(command) => command.run(json),
            Self::Query(command) => command.run(),
            Self::Simulate(command) => command.run(json),
            Self::Index(command) => command.run(json),
            Self::Bench(command) => command.run(json),
        }
    }
}
