//! `simulate`: geological processes shape an area of a world, as a scenario says.

mod map;
mod plots;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use bluemarble_core::{CancelToken, MaterialId};
use bluemarble_geology::{
    Run, Scenario,
    run::{Row, WriteReport},
};
use bluemarble_store::log::LogOptions;
use clap::Args;
use futures::executor::block_on;
use serde_json::json;

use crate::{failure::Failure, open::WorldArgs, output, progress};

/// Where runs keep what they need to go on, within a world directory.
const GEOLOGY_DIR: &str = "geology";

/// Let geological processes shape an area of a world, as a scenario says.
///
/// A scenario is a RON file: an area, processes, and for how many years. The ground is changed column by column; what is built
/// stays, and so do caves. Interrupted, even by a crash, it goes on where it was when it is called again. In `geology/NAME/` in
/// the world directory it leaves `series.csv` (heights, slopes, the budget of rock, voxels of each material, each time the land was written) and
/// `area.json`, and with --plots pictures of both.
#[derive(Args)]
#[command(after_help = "Example: bluemarble simulate alps erosion.ron --plots

erosion.ron: (
    area: Geographic(lat_deg: 46.0, lon_deg: 7.7, size_m: 1000, node_m: 2),
    years: 20000, step_years: 500, write_years: 5000,
    processes: [Uplift(m_per_year: 0.001), Rivers(), Weathering(), Creep(), Slides()],
)")]
pub struct Simulate {
    #[command(flatten)]
    world: WorldArgs,
    /// The scenario.
    scenario: PathBuf,
    /// What the run is called; by default as the file of the scenario.
    #[arg(long)]
    name: Option<String>,
    /// Draw maps of the land before and after, and plots of the series.
    #[arg(long)]
    plots: bool,
}

impl Simulate {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let world_dir = self.world.dir()?;
        let scenario = Scenario::load(&self.scenario)?;
        let dir = world_dir.join(GEOLOGY_DIR).join(self.name()?);
        // A step counts as done when its edits are on disk.
        let world = self.world.open_to_edit(LogOptions::default())?;
        let mut run = scenario.begin(world, Some(dir.clone()))?;
        let begun_years = run.years();
        let bar = progress::bar(scenario.years.ceil() as u64, "years");
        let cancel = CancelToken::never();
        loop {
            bar.set_position(run.years() as u64);
            write_series(&dir, &run)?;
            if !scenario.go_on(&mut run, &cancel)? {
                break;
            }
        }
        bar.finish_and_clear();
        block_on(run.world().checkpoint())?;
        write_area(&dir, &run)?;
        if self.plots {
            map::draw(&dir.join("map.png"), &run)?;
            plots::draw(&dir.join("series.png"), run.series())?;
        }
        print(json, &dir, &run, begun_years)
    }

    /// The name of the run: one that a folder can have.
    fn name(&self) -> Result<String, Failure> {
        let name = match &self.name {
            Some(name) => name.clone(),
            None => {
                let stem = self.scenario.file_stem().unwrap_or_default();
                stem.to_string_lossy().into_owned()
            }
        };
        let is_plain = |sign: char| sign.is_alphanumeric() || "-_.".contains(sign);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(is_plain) {
            return Err(Failure::new(format!(
                "`{name}` cannot be a folder's name; give --name letters, digits, `-`, `_` and `.`"
            )));
        }
        Ok(name)
    }
}

/// One row each time the land was written.
fn write_series(dir: &Path, run: &Run) -> Result<(), Failure> {
    let materials = run.world().materials();
    let mut ids: Vec<u16> =
        run.series().iter().flat_map(|row| row.balance.keys()).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    let mut text = Row::NAMES.join(",");
    for id in &ids {
        let name = materials.name(MaterialId(*id)).replace(' ', "_");
        _ = write!(text, ",voxels_of_{name}");
    }
    for row in run.series() {
        let numbers = row
            .numbers()
            .map(|number| if number.is_nan() { String::new() } else { number.to_string() });
        _ = write!(text, "\n{}", numbers.join(","));
        for id in &ids {
            _ = write!(text, ",{}", row.balance.get(id).copied().unwrap_or(0));
        }
    }
    text.push('\n');
    replace(&dir.join("series.csv"), text.as_bytes())
}

/// Where the run is, for who reads the series.
fn write_area(dir: &Path, run: &Run) -> Result<(), Failure> {
    let area = run.area();
    let ([x0, z0], [x1, z1]) = area.columns();
    let document = json!({
        "region": area.region, "x": [x0, x1], "z": [z0, z1],
        "node_voxels": 1 << area.lod, "node_m": run.land().grid.spacing_m(),
        "years": run.years(),
    });
    replace(&dir.join("area.json"), format!("{document:#}\n").as_bytes())
}

fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let new = path.with_extension("new");
    let written = fs::write(&new, bytes).and_then(|()| fs::rename(&new, path));
    written.map_err(|error| Failure::file(path, "write", &error))
}

fn print(json: bool, dir: &Path, run: &Run, begun_years: f64) -> Result<ExitCode, Failure> {
    let WriteReport { columns, voxels, .. } = *run.written();
    let (budget, materials) = (run.budget(), run.world().materials());
    if json {
        let balance: serde_json::Map<_, _> = (run.written().balance.iter())
            .map(|(&id, &voxels)| (materials.name(MaterialId(id)).to_owned(), voxels.into()))
            .collect();
        output::print_json(&json!({
            "years": run.years(), "begun_years": begun_years, "changed_columns": columns,
            "changed_voxels": voxels, "voxels_of": balance,
            "budget_m3": {
                "raised": budget.raised_m3, "cut": budget.cut_m3, "settled": budget.settled_m3,
                "abraded": budget.abraded_m3, "laid": budget.laid_m3, "slid": budget.slid_m3,
                "exported": budget.exported_m3,
            },
            "dir": dir,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = [
        ("raised", budget.raised_m3),
        ("cut by rivers", budget.cut_m3),
        ("settled from rivers", budget.settled_m3),
        ("ground off by ice", budget.abraded_m3),
        ("laid down by ice", budget.laid_m3),
        ("slid", budget.slid_m3),
        ("left the area", budget.exported_m3),
    ]
    .iter()
    .filter(|(_, volume)| *volume != 0.0)
    .map(|(what, volume)| vec![(*what).to_owned(), format!("{volume:.0} m³")])
    .collect();
    output::print(&format!(
        "{} years, of which {} now: {voxels} voxels in {columns} columns changed\n{}\n{}",
        run.years(),
        run.years() - begun_years,
        output::table(&["rock", "volume"], &rows),
        dir.display(),
    ))?;
    Ok(ExitCode::SUCCESS)
}
