//! `import volume`: numbers become voxels, whole shards at a time.

use std::process::ExitCode;

use bluemarble_core::{LatticeBox, VoxelBox};
use clap::Args;
use glam::IVec3;
use serde_json::json;

use super::{bulk, numbers::NumbersArgs};
use crate::{
    area::check_inside,
    durable::DURABLE_AT_THE_END,
    failure::Failure,
    output,
    volumes::{self, Bare, Dtype, PlacedVolume},
};

const FILE_HELP: &str = "A .npy file, a Zarr array (its folder), a TIFF file with a picture a layer or a folder of them, \
     all of them of u8 or u16; or with --shape and --dtype bare numbers, the last axis fastest";

/// Put a volume of numbers into a world: .npy, a Zarr array, a stack of TIFF pictures, or bare numbers.
///
/// A number is the material with that number unless --map says otherwise; 65535 leaves a voxel as it is. All of the volume comes
/// in or nothing: shards of all lods are made beside the world on all cores and moved in at the end. The volume may be
/// larger than memory. After it was stopped or killed the same command goes on where it was.
#[derive(Args)]
#[command(
    after_help = "Example: bluemarble import volume hills scan.npy --at 0,-50,0,-50 --map 0=keep,1-9=granite",
    mut_arg("file", |arg| arg.help(FILE_HELP)),
    mut_arg("at", |arg| arg.help("Where the first number goes: region,x,y,z"))
)]
pub struct Volume {
    #[command(flatten)]
    numbers: NumbersArgs,
    /// For bare numbers: how many there are along each axis, such as 100,200,300.
    #[arg(long, value_name = "N,N,N", requires = "dtype", value_delimiter = ',')]
    shape: Vec<u64>,
    /// For bare numbers: what one is; u16 has its lower byte first.
    #[arg(long, value_name = "TYPE", requires = "shape")]
    dtype: Option<Dtype>,
    /// Which lattice axis each axis of the volume runs along. Those of TIFF pictures are page, row and column.
    #[arg(long, value_name = "AXES", default_value = "yzx")]
    axes: String,
}

impl Volume {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let path = &self.numbers.file;
        let axes = parse_axes(&self.axes)?;
        let bare = self.dtype.map(|dtype| Bare { shape: self.shape.clone(), dtype });
        let numbers = volumes::open(path, bare).map_err(|what| self.numbers.refuse(what))?;
        let world = self.numbers.world.open_to_edit(DURABLE_AT_THE_END)?;
        let voxels = VoxelBox::new(self.numbers.at.region, self.voxels(numbers.counts(), axes)?);
        check_inside(&world.shape(), voxels)?;
        let mapping = self.numbers.mapping(world.materials())?;
        let volume = PlacedVolume::new(numbers, axes, voxels, mapping, path);
        let report = bulk::import(&world, &volume, path)?;

        let (voxels, shards, resumed) = (report.voxels, report.shards, report.resumed_voxels);
        let mut said = format!("{voxels} voxels read, {shards} shards written");
        if resumed > 0 {
            said +=
                &format!("; {resumed} voxels were done already when the import was interrupted");
        }
        let told = json!({ "voxels": voxels, "shards": shards, "resumed_voxels": resumed });
        output::print_result(json, &told, &said)?;
        Ok(ExitCode::SUCCESS)
    }

    fn voxels(&self, counts: [u64; 3], axes: [usize; 3]) -> Result<LatticeBox, Failure> {
        let mut size = IVec3::ZERO;
        for (count, axis) in counts.into_iter().zip(axes) {
            size[axis] = i32::try_from(count).unwrap_or(i32::MAX);
        }
        let min = self.numbers.at.voxel;
        let max = min.saturating_add(size);
        if max - min != size || size.cmpeq(IVec3::MAX).any() {
            return Err(self.numbers.refuse(format!(
                "{size} numbers from {min} on reach out of the lattice; move or split it"
            )));
        }
        Ok(LatticeBox::new(min, max))
    }
}

/// `yzx` and its like to the numbers of the axes.
fn parse_axes(text: &str) -> Result<[usize; 3], Failure> {
    let axes: Vec<usize> = text.chars().filter_map(|axis| "xyz".find(axis)).collect();
    match <[usize; 3]>::try_from(axes) {
        Ok(axes) if text.len() == 3 && (0..3).all(|axis| axes.contains(&axis)) => Ok(axes),
        _ => Err(Failure::new(format!("--axes {text}: write x, y and z in some order, as in yzx"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_a_permutation_or_refused() {
        assert_eq!(parse_axes("zxy").expect("axes"), [2, 0, 1]);
        for text in ["", "xy", "xxy", "xyzx", "xyw", "XYZ"] {
            assert!(parse_axes(text).is_err(), "{text}");
        }
    }
}
