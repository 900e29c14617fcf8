//! `info`: what a world is, and what is stored in it.

use std::{collections::BTreeMap, process::ExitCode};

use bluemarble_core::{ChunkKey, LatticeBox};
use clap::Args;
use glam::IVec3;
use serde::Serialize;

use crate::{
    document::WorldDocument,
    failure::{DAMAGED, Failure},
    open::WorldArgs,
    output, scan, stored,
};

/// Lower ends of the steps of the histogram.
const STEPS: [f64; 7] = [0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0];
/// An area that gets one recommendation: 1024 voxels along each edge.
const AREA_LOD: u8 = 4;

/// Say what a world is and what is stored in it.
///
/// Works without the baseline. Homogeneity is the share of a chunk's most frequent material: 1 is uniform.
#[derive(Args)]
#[command(after_help = "Example: bluemarble info hills --advise --json")]
pub struct Info {
    #[command(flatten)]
    world: WorldArgs,
    /// Recommend a chunk edge for each area of 1024³ voxels with stored chunks.
    #[arg(long)]
    advise: bool,
}

#[derive(Serialize)]
struct Report {
    shape: bluemarble_core::Shape,
    voxel_m: f64,
    baseline: String,
    recipe: Option<bluemarble_terrain::Recipe>,
    materials: Vec<String>,
    arrays: Vec<Array>,
    homogeneity: Vec<Step>,
    damaged: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<Vec<Advice>>,
}

/// What is stored of one lod of a region.
#[derive(Serialize, Default)]
struct Array {
    region: u8,
    lod: u8,
    shards: u64,
    chunks: u64,
    /// Of the shards, indices included.
    bytes: u64,
    /// The voxels that the chunks cover, `[x0, y0, z0, x1, y1, z1]`, without the upper corner.
    #[serde(skip_serializing_if = "Option::is_none")]
    covers: Option<[i32; 6]>,
    #[serde(skip)]
    around: Option<LatticeBox>,
}

/// How many chunks have a homogeneity from `from` up to the next step.
#[derive(Serialize)]
struct Step {
    from: f64,
    chunks: u64,
}

/// What to do with an area.
#[derive(Serialize)]
struct Advice {
    region: u8,
    /// The lowest voxel of the area.
    min: [i32; 3],
    chunks: u64,
    homogeneity: f64,
    chunk_edge: u32,
}

impl Info {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let stored = self.world.open_stored()?;
        let dir = &self.world.dir;
        let shape = stored.metadata.shape;
        let listing = stored::list(dir, &shape)?;
        let mut arrays: BTreeMap<(u8, u8), Array> = listing
            .arrays
            .iter()
            .map(|&(region, lod)| ((region, lod), Array { region, lod, ..Array::default() }))
            .collect();
        for shard in &listing.shards {
            let array = arrays.entry((shard.key.region, shard.key.lod)).or_default();
            array.shards += 1;
            array.bytes += shard.bytes;
        }
        let mut steps = [0u64; STEPS.len()];
        let mut areas: BTreeMap<(u8, [i32; 3]), (u64, f64)> = BTreeMap::new();
        let mut damages = scan::documents(dir, &shape, &listing);
        damages.extend(scan::chunks(dir, &shape, &listing, "reading", |found| {
            let key = found.key;
            let array = arrays.entry((key.region, key.lod)).or_default();
            array.chunks += 1;
            let covers = key.lattice_box();
            array.around = Some(array.around.map_or(covers, |around| {
                LatticeBox::new(around.min.min(covers.min), around.max.max(covers.max))
            }));
            let homogeneity = found.chunk.homogeneity();
            let step = STEPS.iter().rposition(|&from| homogeneity >= from).unwrap_or(0);
            steps[step] += 1;
            if key.lod == 0 {
                let area = key.pos >> i32::from(AREA_LOD);
                let (count, sum) = areas.entry((key.region, area.to_array())).or_default();
                *count += 1;
                *sum += homogeneity;
            }
            Ok(())
        })?);
        for array in arrays.values_mut() {
            array.covers = array.around.map(|around| {
                let (low, high) = (around.min, around.max);
                [low.x, low.y, low.z, high.x, high.y, high.z]
            });
        }
        let advice = self.advise.then(|| areas.into_iter().map(Advice::new).collect());
        let recipe = WorldDocument::read(dir).ok().flatten().map(|document| document.baseline);
        let homogeneity = STEPS.iter().zip(steps);
        let report = Report {
            voxel_m: shape.voxel_m(),
            shape,
            baseline: stored.metadata.baseline,
            recipe,
            materials: stored.metadata.materials,
            arrays: arrays.into_values().collect(),
            homogeneity: homogeneity.map(|(&from, chunks)| Step { from, chunks }).collect(),
            damaged: damages.len(),
            advice,
        };
        if json {
            output::print_json(&report)?;
        } else {
            output::print(&report.text(dir))?;
        }
        if report.damaged > 0 {
            output::note("parts of the world are damaged: `bluemarble verify` names them");
            return Ok(ExitCode::from(DAMAGED));
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Advice {
    fn new(((region, area), (chunks, sum)): ((u8, [i32; 3]), (u64, f64))) -> Self {
        let homogeneity = sum / chunks as f64;
        let key = ChunkKey::new(region, AREA_LOD, IVec3::from(area));
        let min = key.min_voxel().to_array();
        Self { region, min, chunks, homogeneity, chunk_edge: chunk_edge_for(homogeneity) }
    }
}

/// The chunk edge that suits an area of this mean homogeneity: small where much changes and little
/// compresses, large where it is the other way round.
fn chunk_edge_for(homogeneity: f64) -> u32 {
    match homogeneity {
        h if h >= 0.95 => 256,
        h if h >= 0.8 => 128,
        h if h >= 0.4 => 64,
        _ => 32,
    }
}

/// What each chunk edge is for: edge, bytes of a chunk, expected compression, use.
const EDGES: [[&str; 4]; 4] = [
    ["32", "64 KB", "2-3x", "active processes, much detail"],
    ["64", "512 KB", "4-6x", "general"],
    ["128", "4 MB", "6-8x", "large mixed areas"],
    ["256", "32 MB", "8-10x", "ocean and other uniform areas"],
];

impl Report {
    fn text(&self, dir: &std::path::Path) -> String {
        let mut text = vec![
            format!("world      {}", dir.display()),
            match self.shape {
                bluemarble_core::Shape::Flat(_) => "shape      flat, 1 region".to_owned(),
                bluemarble_core::Shape::CubeSphere(sphere) => {
                    format!("shape      planet, 6 regions, radius {} m", sphere.radius_m)
                }
            },
            format!("voxel      {} m", self.voxel_m),
            format!("baseline   {}", self.baseline),
            match &self.recipe {
                Some(_) => "recipe     known".to_owned(),
                None => "recipe     none: get and edit need --baseline".to_owned(),
            },
            format!("materials  {}: {}", self.materials.len(), self.materials.join(", ")),
            String::new(),
        ];
        if self.arrays.is_empty() {
            text.push("nothing is stored: every voxel is the baseline's".to_owned());
            return text.join("\n");
        }
        let rows: Vec<_> = self.arrays.iter().map(Array::row).collect();
        text.push(output::table(&["array", "shards", "chunks", "bytes", "covers voxels"], &rows));
        text.push(String::new());
        let rows: Vec<_> = (self.homogeneity.iter().enumerate())
            .map(|(index, step)| {
                let range = match self.homogeneity.get(index + 1) {
                    Some(next) => format!("{} to {}", step.from, next.from),
                    None => "1 (uniform)".to_owned(),
                };
                vec![range, step.chunks.to_string()]
            })
            .collect();
        text.push(output::table(&["homogeneity", "chunks"], &rows));
        if let Some(advice) = &self.advice {
            text.push(String::new());
            let rows: Vec<_> = advice.iter().map(Advice::row).collect();
            let heading = ["area (lowest voxel)", "chunks", "homogeneity", "chunk edge"];
            text.push(output::table(&heading, &rows));
            text.push(String::new());
            let rows: Vec<_> = EDGES.iter().map(|row| row.map(str::to_owned).to_vec()).collect();
            text.push(output::table(&["chunk edge", "bytes", "expected ratio", "suits"], &rows));
        }
        text.join("\n")
    }
}

impl Array {
    fn row(&self) -> Vec<String> {
        let covers = self.covers.map_or_else(String::new, |[x0, y0, z0, x1, y1, z1]| {
            format!("{x0},{y0},{z0} to {x1},{y1},{z1}")
        });
        vec![
            format!("region{}/lod{}", self.region, self.lod),
            self.shards.to_string(),
            self.chunks.to_string(),
            output::human_bytes(self.bytes),
            covers,
        ]
    }
}

impl Advice {
    fn row(&self) -> Vec<String> {
        let [x, y, z] = self.min;
        vec![
            format!("{},{x},{y},{z}", self.region),
            self.chunks.to_string(),
            format!("{:.3}", self.homogeneity),
            self.chunk_edge.to_string(),
        ]
    }
}
