//! `edit`: voxels change as lines on standard input say.

use std::{
    io::{self, BufReader},
    process::ExitCode,
};

use bluemarble_core::{LatticeBox, MaterialTable, VoxelBox, VoxelPos};
use bluemarble_store::log::LogOptions;
use bluemarble_world::{EditBatch, EditReport, HybridWorld, WorldError};
use clap::Args;
use glam::IVec3;
use serde_json::json;

use crate::{
    area::{check_inside, check_voxel},
    durable::Writer,
    failure::Failure,
    lines::{Lines, integer, region},
    mapping::material,
    open::WorldArgs,
    output,
};

/// Change voxels as lines on standard input say.
///
/// A line is a voxel, `region,x,y,z,material`, or a box, `region,x0,y0,z0,x1,y1,z1,material`, which holds
/// its lower corner and not its upper one. A blank line makes the lines since the last one a batch: all of
/// it is done or nothing. The end of the input does the same. Once a batch is durable, its
/// number in the delta log, which grows from batch to batch, is printed on a line of its own. A bad line ends the command with exit code 2: nothing of its batch is done, all
/// batches before it are.
#[derive(Args)]
#[command(
    after_help = "Example: printf '0,0,0,0,granite\\n0,0,1,0,8,4,8,air\\n\\n' | bluemarble edit hills"
)]
pub struct Edit {
    #[command(flatten)]
    world: WorldArgs,
}

impl Edit {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let writer = Writer::new(self.world.open_to_edit(LogOptions::default())?);
        each_batch(writer.world(), json, |batch| writer.commit(batch))?;
        writer.checkpoint()?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Reads batches from standard input to its end, commits each, and says so once it is durable.
pub fn each_batch(
    world: &HybridWorld,
    json: bool,
    mut commit: impl FnMut(&EditBatch) -> Result<EditReport, WorldError>,
) -> Result<(), Failure> {
    let mut lines = Lines::new(BufReader::new(io::stdin().lock()), "standard input");
    let mut batch = EditBatch::new();
    let mut first = 1;
    loop {
        let line = lines.next()?;
        match line.as_deref() {
            Some("") | None => {
                if !batch.is_empty() {
                    let report = commit(&batch)
                        .map_err(|error| refused(error, first, lines.number() - 1))?;
                    print(&report, json)?;
                    batch = EditBatch::new();
                }
                if line.is_none() {
                    return Ok(());
                }
                first = lines.number() + 1;
            }
            Some(line) => {
                add(&mut batch, line, world.materials(), &world.shape())
                    .map_err(|what| lines.refuse(what))?;
            }
        }
    }
}

/// Adds what a line says to a batch.
fn add(
    batch: &mut EditBatch,
    line: &str,
    materials: &MaterialTable,
    shape: &bluemarble_core::Shape,
) -> Result<(), String> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let (&name, numbers) = fields.split_last().ok_or("an empty line")?;
    if numbers.len() != 4 && numbers.len() != 7 {
        return Err(format!(
            "{} fields in `{line}`; write region,x,y,z,material or \
             region,x0,y0,z0,x1,y1,z1,material",
            fields.len()
        ));
    }
    let numbers = numbers.iter().map(|text| integer(text)).collect::<Result<Vec<_>, _>>()?;
    let material = material(materials, name.trim_matches('"'))?;
    let region = region(numbers[0])?;
    let low = IVec3::new(numbers[1], numbers[2], numbers[3]);
    if let [x1, y1, z1] = numbers[4..] {
        let voxels = LatticeBox::new(low, IVec3::new(x1, y1, z1));
        if voxels.is_empty() {
            return Err("the box is empty; its upper corner is not in it".to_owned());
        }
        let voxels = VoxelBox::new(region, voxels);
        check_inside(shape, voxels).map_err(|failure| failure.into_message())?;
        batch.fill_box(voxels, material);
    } else {
        let pos = VoxelPos::new(region, low);
        check_voxel(shape, pos)?;
        batch.set(pos, material);
    }
    Ok(())
}

/// Names the lines of a batch where it is their fault.
fn refused(error: WorldError, first: u64, last: u64) -> Failure {
    let of_input = !matches!(error, WorldError::Store(_) | WorldError::Lost { .. });
    let failure = Failure::from(error);
    if of_input {
        failure.at(format_args!("standard input lines {first} to {last}"))
    } else {
        failure
    }
}

fn print(report: &EditReport, json: bool) -> Result<(), Failure> {
    let line = if json {
        json!({ "lsn": report.lsn, "chunks": report.chunks.len() }).to_string()
    } else {
        report.lsn.to_string()
    };
    // A reader that stops listening must learn that the rest was not done.
    output::print(&line).map_err(|failure| {
        failure.loud("standard output: closed; the batches whose numbers were printed are done")
    })
}
