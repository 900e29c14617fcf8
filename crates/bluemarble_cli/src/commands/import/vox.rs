//! `import vox`: a MagicaVoxel scene becomes voxels.

use std::{path::PathBuf, process::ExitCode};

use bluemarble_core::{LatticeBox, MaterialTable, VoxelBox, VoxelPos};
use bluemarble_edit::{
    VoxError,
    vox::{Colours, Scene},
};
use clap::Args;
use glam::I64Vec3;
use serde_json::json;

use super::{bulk, placed_scene::PlacedScene};
use crate::{
    area::check_inside, durable::DURABLE_AT_THE_END, failure::Failure, lines::voxel_pos,
    mapping::Mapping, open::WorldArgs, output,
};

/// Put a MagicaVoxel scene into a world.
///
/// All visible models come in where the scene has them, turned as it turns them, with its up as up. A colour
/// becomes the material of its number if that has just this colour, as in an exported scene, else the one whose
/// colour looks most like it, unless --map says otherwise. What is empty in the
/// scene stays as it is in the world.
#[derive(Args)]
#[command(
    after_help = "Example: bluemarble import vox hills castle.vox --at 0,10,0,10 --map 12=glass"
)]
pub struct Vox {
    #[command(flatten)]
    world: WorldArgs,
    /// The scene.
    #[arg(value_name = "FILE.vox")]
    file: PathBuf,
    /// Where the lower corner of the scene goes: region,x,y,z.
    #[arg(long, value_name = "R,X,Y,Z", value_parser = voxel_pos, allow_hyphen_values = true)]
    at: VoxelPos,
    /// What colours become, by their number in the palette (1 to 255): NUMBER=MATERIAL,
    /// FIRST-LAST=MATERIAL or *=MATERIAL, separated by commas; `keep` leaves the voxel as it is.
    #[arg(long, value_name = "RULES")]
    map: Vec<String>,
}

impl Vox {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let scene = Scene::load(&self.file)?;
        let world = self.world.open_to_edit(DURABLE_AT_THE_END)?;
        let mapping = self.mapping(&scene, world.materials())?;
        let Some((low, high)) = scene.bounds() else {
            return Err(Failure::from(VoxError::NoModel).at(self.file.display()));
        };
        // Where a position of the scene lies in the lattice.
        let shift = self.at.voxel.as_i64vec3() - low;
        let whole = self.place(low + shift, high + shift)?;
        let voxels = VoxelBox::new(self.at.region, whole);
        check_inside(&world.shape(), voxels)?;

        let models = scene.len();
        let is_placed = |number: u8| mapping.get(number.into()).is_some();
        let numbers = (0..models).flat_map(|index| scene.voxels(index));
        let placed = numbers.filter(|&(_, number)| is_placed(number)).count();
        let placed_scene = PlacedScene { scene, shift, voxels, mapping };
        bulk::import(&world, &placed_scene, &self.file)?;
        output::print_result(
            json,
            &json!({ "models": models, "voxels": placed }),
            &format!("{models} models, {placed} voxels"),
        )?;
        Ok(ExitCode::SUCCESS)
    }

    fn mapping(&self, scene: &Scene, materials: &MaterialTable) -> Result<Mapping, Failure> {
        let colours = Colours::new(scene, materials);
        Mapping::parse(&self.map, materials, |number| colours.material(u8::try_from(number).ok()?))
    }

    fn place(&self, low: I64Vec3, high: I64Vec3) -> Result<LatticeBox, Failure> {
        let fits = |at: I64Vec3| at.abs().max_element() <= i64::from(i32::MAX);
        if !(fits(low) && fits(high)) {
            return Err(Failure::new(format!(
                "{}: the scene reaches from {low} to {high}, which is out of the lattice; move its models",
                self.file.display()
            )));
        }
        Ok(LatticeBox::new(low.as_ivec3(), high.as_ivec3()))
    }
}
