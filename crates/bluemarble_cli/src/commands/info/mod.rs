//! `info`: what a world is, and what is stored in it.

mod efficiency;
mod space;

use std::{collections::BTreeMap, process::ExitCode};

use bluemarble_core::{ChunkKey, LatticeBox};
use bluemarble_store::{
    Advice as Recommended, AreaStatistics, SizeEstimate, WholeChunk, advise, log::LogCheck,
};
use clap::Args;
use glam::IVec3;
use serde::Serialize;

use self::{
    efficiency::{AREA_LOD, Efficiency, OfArea, OfClass},
    space::Space,
};
use crate::{
    failure::{DAMAGED, Failure},
    open::WorldArgs,
    output, scan,
};

/// Lower ends of the steps of the histogram.
const STEPS: [f64; 7] = [0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0];

/// Say what a world is and what is stored in it.
///
/// Works without the baseline. A chunk is *built* if at least a 64th of its cells is of materials that people make, *liquid* if
/// most of what is no air is liquid, else *ground*. Homogeneity is the share of a chunk's most frequent material: 1 is uniform.
#[derive(Args)]
#[command(after_help = "Example: bluemarble info hills --advise --json")]
pub struct Info {
    #[command(flatten)]
    world: WorldArgs,
    /// Recommend a chunk edge for each area of 1024³ voxels with stored chunks.
    #[arg(long)]
    advise: bool,
    /// For --advise: edited voxels to be expected in each chunk of 64³ voxels a day.
    #[arg(long, value_name = "N", default_value_t = 0.0, requires = "advise")]
    edits_per_chunk_day: f64,
}

#[derive(Serialize)]
struct Report {
    shape: bluemarble_core::Shape,
    voxel_m: f64,
    baseline: String,
    recipe: Option<bluemarble_terrain::Recipe>,
    materials: Vec<String>,
    storage: Storage,
    log: Option<Log>,
    arrays: Vec<Array>,
    space_bytes: Space,
    classes: Vec<OfClass>,
    areas: Vec<OfArea>,
    homogeneity: Vec<Step>,
    damaged: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<Vec<Advice>>,
}

/// How chunks are stored.
#[derive(Serialize)]
struct Storage {
    chunk_edge: i32,
    codec: &'static str,
}

/// The delta log.
#[derive(Serialize)]
struct Log {
    segments: u64,
    bytes: u64,
    /// Batches that are in no shard yet.
    pending_batches: u64,
    last_lsn: u64,
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
    /// Share of chunks that hold one material only.
    uniform_share: f64,
    chunk_edge: i32,
    reason: String,
    /// What the area would take with each edge.
    estimates: [Estimate; 4],
}

#[derive(Clone, Copy, Serialize)]
struct Estimate {
    chunk_edge: i32,
    /// Bytes of a stored chunk before compression.
    chunk_bytes: u64,
    stored_bytes: u64,
    index_bytes: u64,
}

/// What is known of an area.
#[derive(Default)]
struct Area {
    chunks: u64,
    uniform: u64,
    homogeneity: f64,
}

impl Info {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let looked = self.world.look()?;
        let metadata = looked.store.metadata();
        let shape = metadata.shape;
        let listing = self.world.list(&looked.store)?;
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
        let mut areas: BTreeMap<(u8, [i32; 3]), Area> = BTreeMap::new();
        let document = self.world.document().ok().flatten();
        let mut efficiency = Efficiency::new(self.world.table(document.as_ref())?);
        let mut damages = scan::arrays(&looked.store, &listing, "reading", |whole| {
            efficiency.add(&whole);
            let WholeChunk { key, chunk, .. } = whole;
            let array = arrays.entry((key.region, key.lod)).or_default();
            array.chunks += 1;
            let covers = key.lattice_box();
            array.around = Some(array.around.map_or(covers, |around| {
                LatticeBox::new(around.min.min(covers.min), around.max.max(covers.max))
            }));
            let homogeneity = chunk.homogeneity();
            let step = STEPS.iter().rposition(|&from| homogeneity >= from).unwrap_or(0);
            steps[step] += 1;
            if key.lod == 0 {
                let area = key.pos >> i32::from(AREA_LOD);
                let area = areas.entry((key.region, area.to_array())).or_default();
                area.chunks += 1;
                area.uniform += u64::from(chunk.as_uniform().is_some());
                area.homogeneity += homogeneity;
            }
        })?;
        let log = self.world.known_dir().map(scan::log).transpose()?;
        let log = log.map(|(log, damage)| {
            damages.extend(damage);
            Log::new(&log)
        });
        for array in arrays.values_mut() {
            array.covers = array.around.map(|around| {
                let (low, high) = (around.min, around.max);
                [low.x, low.y, low.z, high.x, high.y, high.z]
            });
        }
        let advice = self.advise.then(|| {
            let edits = self.edits_per_chunk_day;
            areas.into_iter().map(|(place, area)| Advice::new(place, &area, edits)).collect()
        });
        let recipe = document.map(|document| document.baseline);
        let (classes, by_area) = efficiency.finish();
        let homogeneity = STEPS.iter().zip(steps);
        let sum = |of: fn(&Array) -> u64| arrays.values().map(of).sum();
        let space_bytes = Space::new(
            &looked.store,
            &self.world.location,
            sum(|array| array.bytes),
            sum(|array| array.chunks),
            log.as_ref().map_or(0, |log| log.bytes),
        )?;
        let report = Report {
            voxel_m: shape.voxel_m(),
            shape,
            baseline: metadata.baseline.clone(),
            recipe,
            materials: metadata.materials.clone(),
            storage: Storage {
                chunk_edge: metadata.storage.chunk_edge.cells(),
                codec: metadata.storage.codec.name(),
            },
            log,
            arrays: arrays.into_values().collect(),
            space_bytes,
            classes,
            areas: by_area,
            homogeneity: homogeneity.map(|(&from, chunks)| Step { from, chunks }).collect(),
            damaged: damages.len(),
            advice,
        };
        if json {
            output::print_json(&report)?;
        } else {
            output::print(&report.text(&self.world.location))?;
        }
        if report.damaged > 0 {
            output::note("parts of the world are damaged: `bluemarble verify` names them");
            return Ok(ExitCode::from(DAMAGED));
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Log {
    fn new(log: &LogCheck) -> Self {
        let LogCheck { segments, bytes, pending_batches, last_lsn, .. } = *log;
        Self { segments, bytes, pending_batches, last_lsn }
    }
}

impl Advice {
    fn new((region, area): (u8, [i32; 3]), found: &Area, edits_per_chunk_day: f64) -> Self {
        let share = |sum: f64| sum / found.chunks.max(1) as f64;
        let statistics = AreaStatistics {
            chunks: found.chunks,
            uniform_share: share(found.uniform as f64),
            mean_homogeneity: share(found.homogeneity),
            edits_per_chunk_day,
        };
        let Recommended { chunk_edge, reason, estimates } = advise(&statistics);
        let key = ChunkKey::new(region, AREA_LOD, IVec3::from(area));
        Self {
            region,
            min: key.min_voxel().to_array(),
            chunks: found.chunks,
            homogeneity: statistics.mean_homogeneity,
            uniform_share: statistics.uniform_share,
            chunk_edge: chunk_edge.cells(),
            reason,
            estimates: estimates.map(Estimate::new),
        }
    }

    fn place(&self) -> String {
        let [x, y, z] = self.min;
        format!("{},{x},{y},{z}", self.region)
    }
}

impl Estimate {
    fn new(estimate: SizeEstimate) -> Self {
        let SizeEstimate { chunk_edge, chunk_bytes, stored_bytes, index_bytes, .. } = estimate;
        Self { chunk_edge: chunk_edge.cells(), chunk_bytes, stored_bytes, index_bytes }
    }
}

/// What all areas together would take with each edge.
fn estimate_rows(advice: &[Advice]) -> Vec<Vec<String>> {
    let row = |edge: usize| {
        let all = || advice.iter().map(move |advice| advice.estimates[edge]);
        let first = all().next()?;
        Some(vec![
            first.chunk_edge.to_string(),
            output::human_bytes(first.chunk_bytes),
            output::human_bytes(all().map(|estimate| estimate.stored_bytes).sum()),
            output::human_bytes(all().map(|estimate| estimate.index_bytes).sum()),
        ])
    };
    (0..4).filter_map(row).collect()
}

impl Report {
    fn text(&self, location: &bluemarble_store::WorldLocation) -> String {
        let mut text = vec![
            format!("world      {location}"),
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
            format!("storage    chunk edge {}, {}", self.storage.chunk_edge, self.storage.codec),
        ];
        if let Some(log) = &self.log {
            text.push(format!(
                "log        {} in {} segments, {} batches up to {} not in the shards yet",
                output::human_bytes(log.bytes),
                log.segments,
                log.pending_batches,
                log.last_lsn
            ));
        }
        text.push(String::new());
        if self.arrays.is_empty() {
            text.push("nothing is stored: every voxel is the baseline's".to_owned());
            return text.join("\n");
        }
        let rows: Vec<_> = self.arrays.iter().map(Array::row).collect();
        text.push(output::table(&["array", "shards", "chunks", "bytes", "covers voxels"], &rows));
        text.push(String::new());
        text.push(self.space_bytes.text());
        text.push(String::new());
        text.push(efficiency::text(&self.classes, &self.areas));
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
            text.extend(
                advice.iter().map(|advice| format!("{}: {}", advice.place(), advice.reason)),
            );
            text.push(String::new());
            let heading = ["all areas, chunk edge", "chunk", "stored", "indices"];
            text.push(output::table(&heading, &estimate_rows(advice)));
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
        vec![
            self.place(),
            self.chunks.to_string(),
            format!("{:.3}", self.homogeneity),
            self.chunk_edge.to_string(),
        ]
    }
}
