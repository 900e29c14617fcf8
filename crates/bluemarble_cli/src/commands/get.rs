//! `get`: the materials of positions on standard input.

use std::{
    io::{self, BufReader},
    process::ExitCode,
};

use bluemarble_core::{MAX_LOD, MaterialId, VoxelPos};
use bluemarble_world::{Exactness, HybridWorld, WorldError};
use clap::Args;
use serde_json::json;

use crate::{
    area::check_voxel,
    failure::Failure,
    lines::{Lines, voxel_pos},
    open::WorldArgs,
    output,
};

/// How many positions are looked up together.
const BATCH: usize = 1 << 16;

/// Print the materials of positions on standard input.
///
/// A line is `region,x,y,z`; the answer is `region,x,y,z,material`, one line each in the same order. Blank
/// lines are skipped.
#[derive(Args)]
#[command(after_help = "Example: echo 0,0,-1,0 | bluemarble get hills --names")]
pub struct Get {
    #[command(flatten)]
    world: WorldArgs,
    /// Which lod to look at: the answer is the cell of that lod that holds the voxel.
    #[arg(long, value_name = "N", default_value_t = 0)]
    lod: u8,
    /// Print materials by name instead of by number.
    #[arg(long)]
    names: bool,
}

impl Get {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        if self.lod > MAX_LOD {
            let lod = self.lod;
            return Err(Failure::new(format!("lod {lod} does not exist; lods are 0 to {MAX_LOD}")));
        }
        let world = self.world.open_reading(self.world.required_ground()?)?;
        let mut lines = Lines::new(BufReader::new(io::stdin().lock()), "standard input");
        let mut voxels: Vec<VoxelPos> = Vec::new();
        loop {
            let line = lines.next();
            let position = match &line {
                Ok(Some(line)) if line.is_empty() => Ok(None),
                Ok(Some(line)) => position(&world, line).map(Some).map_err(|w| lines.refuse(w)),
                Ok(None) | Err(_) => Ok(None),
            };
            if let Ok(Some(position)) = position {
                voxels.push(position);
            }
            let is_last = !matches!(line, Ok(Some(_))) || position.is_err();
            // A client that waits for an answer before it asks on gets it.
            if is_last || voxels.len() >= BATCH || lines.may_wait() {
                self.answer(&world, &voxels, json)?;
                voxels.clear();
            }
            position?;
            if line?.is_none() {
                return Ok(ExitCode::SUCCESS);
            }
        }
    }

    fn materials(
        &self,
        world: &HybridWorld,
        voxels: &[VoxelPos],
    ) -> Result<Vec<MaterialId>, WorldError> {
        if self.lod == 0 {
            return world.read_many(voxels);
        }
        let mut reader = world.reader();
        let material = |&pos: &VoxelPos| reader.query_material(pos, self.lod, Exactness::Exact);
        voxels.iter().map(material).collect()
    }

    fn answer(&self, world: &HybridWorld, voxels: &[VoxelPos], json: bool) -> Result<(), Failure> {
        if voxels.is_empty() {
            return Ok(());
        }
        let materials = self.materials(world, voxels)?;
        let answers = voxels.iter().zip(&materials).map(|(pos, &material)| {
            let name = world.materials().name(material);
            if json {
                let (region, voxel) = (pos.region, pos.voxel.to_array());
                json!({ "region": region, "voxel": voxel, "material": material.0, "name": name })
                    .to_string()
            } else if self.names {
                format!("{pos},{name}")
            } else {
                format!("{pos},{}", material.0)
            }
        });
        output::print(&answers.collect::<Vec<_>>().join("\n"))
    }
}

fn position(world: &HybridWorld, line: &str) -> Result<VoxelPos, String> {
    let pos = voxel_pos(line)?;
    check_voxel(&world.shape(), pos)?;
    Ok(pos)
}
