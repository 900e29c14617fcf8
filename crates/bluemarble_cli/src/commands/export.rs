//! `export`: a box of a world as plain Zarr, .npy or .vox.

use std::{
    fs,
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use bluemarble_core::{LatticeBox, MaterialId, MaterialTable};
use bluemarble_edit::{MAX_CELLS, brick, vox};
use clap::Args;
use flate2::{Compression, write::GzEncoder};
use glam::{IVec3, ivec3};
use serde_json::json;

use crate::{
    area::{Area, Source},
    atomic,
    failure::Failure,
    lines::Place,
    npy,
    open::WorldArgs,
    output, progress, scan,
};

/// Cells along each axis of a chunk of the Zarr copy.
const CHUNK_CELLS: i32 = 64;
/// Cells of a row that are written to a .npy file at once.
const ROW_CELLS: i32 = 4096;

/// Write a box of a world as plain Zarr, .npy or .vox.
///
/// Cells that nobody has edited are filled from the baseline. Without it they are 65535, and empty in a .vox.
#[derive(Args)]
#[command(group = clap::ArgGroup::new("to").required(true))]
#[command(
    after_help = "Example: bluemarble export hills --box 0,-64,-16,-64,64,48,64 --npy middle.npy"
)]
pub struct Export {
    #[command(flatten)]
    world: WorldArgs,
    /// The voxels: region,x0,y0,z0,x1,y1,z1, without the upper corner.
    #[arg(long = "box", value_name = "R,X0,..,Z1", allow_hyphen_values = true)]
    place: Place,
    /// Export the cells of this lod that hold those voxels; a cell is 2^N voxels wide.
    #[arg(long, value_name = "N", default_value_t = 0)]
    lod: u8,
    /// A new directory: one Zarr v3 array of uint16, axes y, z, x, gzip, readable by any Zarr library.
    #[arg(long, value_name = "DIR", group = "to")]
    zarr: Option<PathBuf>,
    /// A numpy array of uint16, axes y, z, x.
    #[arg(long, value_name = "FILE", group = "to")]
    npy: Option<PathBuf>,
    /// A MagicaVoxel scene of at most 67108864 cells, in the colours of the material table. What is longer
    /// than 256 cells becomes several models.
    #[arg(long, value_name = "FILE", group = "to")]
    vox: Option<PathBuf>,
}

impl Export {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let metadata = self.world.metadata()?;
        let area = Area::new(&metadata.shape, self.place, self.lod)?;
        let source = match self.world.ground()? {
            Some(ground) => Source::World(self.world.open_reading(ground)?),
            None => {
                output::note(
                    "the baseline is not known, so cells that are not stored stay unknown",
                );
                if let Some(dir) = self.world.known_dir()
                    && scan::log(dir)?.0.pending_batches > 0
                {
                    output::note("edits that are only in the delta log yet are left out");
                }
                Source::Store(Box::new(self.world.look()?))
            }
        };
        let target = if let Some(dir) = &self.zarr {
            to_zarr(&source, &area, &metadata, dir)?;
            dir
        } else if let Some(path) = &self.npy {
            to_npy(&source, &area, path)?;
            path
        } else if let Some(path) = &self.vox {
            let document = self.world.document()?;
            to_vox(&source, &area, &self.world.table(document.as_ref())?, path)?;
            path
        } else {
            return Err(Failure::new("nowhere to export to; give --zarr, --npy or --vox"));
        };
        let (size, cells) = (area.cells.size(), area.count());
        if json {
            let shape = [size.y, size.z, size.x];
            output::print_json(&json!({ "path": target, "shape_yzx": shape, "cells": cells }))?;
        } else {
            output::print(&format!(
                "{}: {} x {} x {} cells (x, y, z) of lod {}",
                target.display(),
                size.x,
                size.y,
                size.z,
                self.lod
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn to_zarr(
    source: &Source,
    area: &Area,
    metadata: &bluemarble_store::WorldMetadata,
    dir: &Path,
) -> Result<(), Failure> {
    let unwritable = |error| Failure::file(dir, "cannot write", &error);
    fs::create_dir_all(dir).map_err(unwritable)?;
    if fs::read_dir(dir).map_err(unwritable)?.next().is_some() {
        let dir = dir.display();
        return Err(Failure::new(format!("{dir}: the directory is not empty; choose a new one")));
    }
    let size = area.cells.size();
    let chunks = (size + CHUNK_CELLS - 1) / CHUNK_CELLS;
    let bar = progress::bar(chunks.as_u64vec3().element_product(), "exporting");
    for y in 0..chunks.y {
        for z in 0..chunks.z {
            let folder = dir.join(format!("c/{y}/{z}"));
            for x in 0..chunks.x {
                let low = area.cells.min + ivec3(x, y, z) * CHUNK_CELLS;
                let part = LatticeBox::new(low, (low + CHUNK_CELLS).min(area.cells.max));
                let cells = area.read(source, part)?;
                if cells.iter().any(|&cell| cell != MaterialId::UNSTORED) {
                    fs::create_dir_all(&folder).map_err(unwritable)?;
                    let bytes = gzip_chunk(&cells, part.size()).map_err(unwritable)?;
                    fs::write(folder.join(x.to_string()), bytes).map_err(unwritable)?;
                }
                bar.inc(1);
            }
        }
    }
    bar.finish_and_clear();
    let document = json!({
        "zarr_format": 3,
        "node_type": "array",
        "shape": [size.y, size.z, size.x],
        "data_type": "uint16",
        "chunk_grid": {
            "name": "regular",
            "configuration": { "chunk_shape": [CHUNK_CELLS, CHUNK_CELLS, CHUNK_CELLS] },
        },
        "chunk_key_encoding": { "name": "default", "configuration": { "separator": "/" } },
        "fill_value": MaterialId::UNSTORED.0,
        "codecs": [
            { "name": "bytes", "configuration": { "endian": "little" } },
            { "name": "gzip", "configuration": { "level": 6 } },
        ],
        "dimension_names": ["y", "z", "x"],
        "attributes": {
            "region": area.region,
            "lod": area.lod,
            "cell_m": metadata.shape.voxel_m() * f64::from(1u32 << area.lod),
            // The lattice cell, of this lod, of index 0 of each axis.
            "origin": [area.cells.min.y, area.cells.min.z, area.cells.min.x],
            "materials": metadata.materials,
            "baseline": metadata.baseline,
        },
    });
    // Last of all: without it the directory is no array.
    atomic::write(&dir.join("zarr.json"), format!("{document:#}\n").as_bytes())
}

/// One chunk of the copy: full size, whatever the array's edge leaves of it.
fn gzip_chunk(cells: &[MaterialId], size: IVec3) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    let unknown = MaterialId::UNSTORED.0.to_le_bytes();
    let mut row = Vec::with_capacity(CHUNK_CELLS as usize * 2);
    for y in 0..CHUNK_CELLS {
        for z in 0..CHUNK_CELLS {
            row.clear();
            if y < size.y && z < size.z {
                let first = (y as usize * size.z as usize + z as usize) * size.x as usize;
                for cell in &cells[first..first + size.x as usize] {
                    row.extend_from_slice(&cell.0.to_le_bytes());
                }
            }
            while row.len() < CHUNK_CELLS as usize * 2 {
                row.extend_from_slice(&unknown);
            }
            encoder.write_all(&row)?;
        }
    }
    encoder.finish()
}

fn to_npy(source: &Source, area: &Area, path: &Path) -> Result<(), Failure> {
    let unwritable = |error| Failure::file(path, "cannot write", &error);
    let size = area.cells.size().as_u64vec3();
    let mut file = atomic::Draft::new(path)?;
    let offset = npy::write_header(&mut file, [size.y, size.z, size.x]).map_err(unwritable)?;
    let bar = progress::bar(area.count(), "exporting");
    for part in brick::tiles(area.cells, ivec3(ROW_CELLS, CHUNK_CELLS, CHUNK_CELLS)) {
        let cells = area.read(source, part)?;
        let low = (part.min - area.cells.min).as_u64vec3();
        let part = part.size().as_u64vec3();
        let mut rows = cells.chunks_exact(part.x as usize);
        for y in low.y..low.y + part.y {
            for z in low.z..low.z + part.z {
                let Some(row) = rows.next() else { continue };
                let bytes: Vec<u8> = row.iter().flat_map(|cell| cell.0.to_le_bytes()).collect();
                let at = offset + ((y * size.z + z) * size.x + low.x) * 2;
                file.seek(SeekFrom::Start(at)).map_err(unwritable)?;
                file.write_all(&bytes).map_err(unwritable)?;
            }
        }
        bar.inc(cells.len() as u64);
    }
    bar.finish_and_clear();
    file.finish()
}

fn to_vox(
    source: &Source,
    area: &Area,
    materials: &MaterialTable,
    path: &Path,
) -> Result<(), Failure> {
    if area.count() > MAX_CELLS {
        return Err(Failure::new(format!(
            "{}: {} cells; a .vox takes at most {MAX_CELLS}: export a smaller box, or a coarser lod with \
             --lod",
            path.display(),
            area.count()
        )));
    }
    let cells = area.read(source, area.cells)?;
    let bytes = vox::encode(area.cells.size(), &cells, materials)
        .map_err(|error| Failure::from(error).at(path.display()))?;
    atomic::write(path, &bytes)
}
