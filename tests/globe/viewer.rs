//! Running the globe viewer.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Arc, LazyLock},
};

use bluemarble_core::{GeoPosition, LatticePos, MaterialTable, Shape};
use bluemarble_terrain::{Baseline, EarthBaseline, EarthSources};
use image::RgbImage;
use serde_json::Value;
use tempfile::TempDir;

/// The seed that the viewer uses unless told otherwise.
const SEED: u64 = 1;

/// The Earth that the viewer shows.
pub static EARTH: LazyLock<Arc<EarthBaseline>> = LazyLock::new(|| {
    Arc::new(
        EarthBaseline::load(&EarthSources::shipped(&assets()), &MaterialTable::standard(), SEED)
            .expect("the Earth loads"),
    )
});

/// The assets of the repository.
fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets")
}

/// An elevation grid of the repository.
pub fn elevation() -> PathBuf {
    assets().join("earth/etopo5.tif")
}

/// The program: cargo builds examples beside the tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let profile = test.parent().and_then(Path::parent).expect("tests lie in the profile's deps");
    let program = profile.join("examples/globe");
    assert!(
        program.exists(),
        "{} is missing: run the tests of the whole workspace",
        program.display()
    );
    program
}

/// Where the ground, or the water on it, is at a place, in metres above the sea.
pub fn surface_m(lat_deg: f64, lon_deg: f64) -> f64 {
    let shape = Shape::earth();
    let world = shape.local_from_geo(GeoPosition::new(lat_deg, lon_deg, 0.0));
    let LatticePos { region, lattice } = shape.lattice_from_local(world);
    let y = EARTH.surface_y(region, lattice.x, lattice.z);
    (y - f64::from(shape.sea_level_y())) * shape.voxel_m()
}

/// A run of the viewer and the folder for its files.
pub struct Run {
    folder: TempDir,
    command: Command,
}

impl Run {
    /// A run without a window.
    pub fn headless() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let mut command = Command::new(program());
        command.arg("--headless").env("RUST_BACKTRACE", "0");
        Self { folder, command }
    }

    /// A settled view from a pose, reported.
    pub fn settled(pose: &str, size: &str) -> Self {
        Self::headless().arg("--settle").pair("--pose", pose).pair("--size", size)
    }

    /// Adds a flag.
    pub fn arg(mut self, flag: &str) -> Self {
        self.command.arg(flag);
        self
    }

    /// Adds a flag and its value.
    pub fn pair(mut self, flag: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(flag).arg(value);
        self
    }

    /// Sets a variable of its environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Adds a flag and a file that holds `text`.
    pub fn file(self, flag: &str, text: &str) -> Self {
        let path = self.path(flag.trim_start_matches('-'));
        std::fs::write(&path, text).expect("the temporary folder is writable");
        self.pair(flag, path)
    }

    /// A path in the folder of the run.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs it to its end, whatever that is.
    pub fn output(mut self) -> Output {
        self.command.output().expect("the viewer starts")
    }

    /// Runs it; panics unless it succeeds.
    pub fn finish(self) -> Finished {
        let (report, picture) = (self.path("report.json"), self.path("picture.png"));
        let mut run = self.pair("--report", &report).pair("--screenshot", &picture);
        let output = run.command.output().expect("the viewer starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{:?} ends with {}:\n{errors}",
            run.command,
            output.status
        );
        let text = std::fs::read_to_string(&report).expect("a report was asked for");
        Finished {
            report: serde_json::from_str(&text).expect("the report is JSON"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            picture,
            _folder: run.folder,
        }
    }
}

/// What a run left behind.
pub struct Finished {
    pub report: Value,
    stdout: String,
    picture: PathBuf,
    _folder: TempDir,
}

impl Finished {
    /// The picture at the end.
    pub fn picture(&self) -> RgbImage {
        read(&self.picture)
    }

    /// The picture of a frame of the flight.
    pub fn picture_of(&self, frame: u64) -> RgbImage {
        read(&self.picture.with_extension(format!("{frame:05}.png")))
    }

    /// The picks, one for each pixel asked for.
    pub fn picks(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect("a pick is JSON"))
            .collect()
    }

    /// A number of the report.
    pub fn number(&self, pointer: &str) -> f64 {
        number(&self.report, pointer)
    }
}

/// A number in a document.
pub fn number(document: &Value, pointer: &str) -> f64 {
    document
        .pointer(pointer)
        .and_then(Value::as_f64)
        .unwrap_or_else(|| panic!("no number {pointer} in {document}"))
}

fn read(path: &Path) -> RgbImage {
    image::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).to_rgb8()
}
