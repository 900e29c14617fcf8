//! `bluemarble`: make, fill, inspect, check and export worlds at the command line.
//!
//! | module | what it holds |
//! |---|---|
//! | [`commands`] | one file a command: its arguments and what it does |
//! | [`open`] | a directory or URL to a world, with or without its baseline |
//! | [`baseline_args`] | a recipe from flags |
//! | [`durable`] | how edits are made to outlast the process |
//! | [`scan`] | every stored byte, checked |
//! | [`area`] | a box of cells at a lod, read piece by piece |
//! | [`mapping`] | numbers and colours of other formats to materials |
//! | [`volumes`] | volumes of numbers: files, Zarr arrays, TIFF pictures |
//! | [`lines`] | positions and values as text |
//! | [`failure`], [`output`], [`progress`] | what every command does alike |

mod area;
mod baseline_args;
mod commands;
mod durable;
mod failure;
mod lines;
mod mapping;
mod open;
mod output;
mod progress;
mod scan;
mod volumes;

use std::process::ExitCode;

use clap::Parser;

use crate::{commands::Command, failure::Failure};

/// Make, fill, inspect, check and export voxel worlds.
///
/// A world is a directory; info, verify, get, query, export, copy, snapshot and restore also take one in an object store. Positions are lattice voxels: a region (0 in a flat world, 0 to 5 on a planet) and
/// x, y (up) and z in it. Boxes hold their lower corner and not their upper one. A material is a name such as
/// "granite" or its number; 0 is air.
///
/// Exit codes: 0 done, 1 the world is damaged, 2 anything else that kept it from being done. An error is one line
/// on standard error. Edits go into the world's delta log
/// first and whole files are replaced, so an interrupted command leaves a world that opens; call it again to finish.
#[derive(Parser)]
#[command(name = "bluemarble", version, max_term_width = 100)]
struct Cli {
    /// Print the result as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let result = match Cli::try_parse() {
        Ok(cli) => cli.command.run(cli.json),
        // Help and version are no errors.
        Err(error) if !error.use_stderr() => {
            return match error.print() {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::FAILURE,
            };
        }
        Err(error) => Err(Failure::usage(&error)),
    };
    match result {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
