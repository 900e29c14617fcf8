//! Draws the ground of a place as a hillshade with shadows, seen from above.
//!
//! Run with `cargo run -p bluemarble_terrain --example hillshade FOLDER [LAT LON WIDTH_KM [first]]`. Without
//! a place it draws a list of well-known ones. The sun stands 26 degrees high in the upper left corner.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::{fs::File, io::BufWriter, path::Path};

use bluemarble_core::{GeoPosition, LatticePos, MaterialTable, Shape};
use bluemarble_terrain::{EarthBaseline, EarthSources, TerrainError};

/// Edge of a picture in pixels, at most.
const PIXELS: f64 = 900.0;
const SUN_HEIGHT_DEG: f64 = 26.0;

const PLACES: &[(&str, f64, f64, f64)] = &[
    ("mont_blanc_100km", 45.9, 7.2, 100.0),
    ("mont_blanc_20km", 45.83, 6.87, 20.0),
    ("mont_blanc_3km", 45.85, 6.93, 3.0),
    ("mont_blanc_200m", 45.85, 6.93, 0.2),
    ("everest_60km", 27.95, 86.9, 60.0),
    ("grand_canyon_60km", 36.2, -112.1, 60.0),
    ("fjord_60km", 61.2, 7.1, 60.0),
    ("patagonia_100km", -50.5, -73.2, 100.0),
    ("appalachians_80km", 39.0, -79.0, 80.0),
    ("sahara_50km", 24.0, 10.0, 50.0),
    ("amazon_50km", -3.0, -64.0, 50.0),
    ("hawaii_120km", 19.6, -155.5, 120.0),
];

/// The ground of a square: heights in metres, x fastest, and how far apart they are.
struct Field {
    edge: usize,
    step_m: f64,
    heights_m: Vec<f64>,
}

fn survey(earth: &EarthBaseline, lat: f64, lon: f64, width_m: f64) -> (Field, u8) {
    let shape = Shape::earth();
    let LatticePos { region, lattice } =
        shape.lattice_from_local(shape.local_from_geo(GeoPosition::new(lat, lon, 0.0)));
    let fits = |lod: u8| width_m / (shape.voxel_m() * f64::from(1u32 << lod)) <= PIXELS;
    let lod = (0..20).find(|&lod| fits(lod)).unwrap_or(20);
    let cell_m = shape.voxel_m() * f64::from(1u32 << lod);
    let edge = (width_m / cell_m) as usize;
    let cell = f64::from(1u32 << lod);
    let first = [lattice.x, lattice.z].map(|v| (v / cell).floor() - edge as f64 / 2.0);
    let rows = edge.div_ceil(2);
    let part = |from: usize, count: usize| {
        earth.heights_m(region, lod, [first[0], first[1] + from as f64], [edge, count])
    };
    let heights_m = std::thread::scope(|scope| {
        let south = scope.spawn(|| part(rows, edge - rows));
        let mut heights_m = part(0, rows);
        heights_m.extend(south.join().unwrap_or_default());
        heights_m
    });
    (Field { edge, step_m: cell_m, heights_m }, lod)
}

impl Field {
    fn at(&self, x: i64, z: i64) -> f64 {
        let last = self.edge as i64 - 1;
        self.heights_m[(z.clamp(0, last) * self.edge as i64 + x.clamp(0, last)) as usize]
    }

    /// Whether something stands between a place and the sun.
    fn is_shaded(&self, x: i64, z: i64) -> bool {
        let rise_m = SUN_HEIGHT_DEG.to_radians().tan() * self.step_m * 2f64.sqrt();
        let here_m = self.at(x, z);
        (1..=x.min(z).min(400)).any(|k| self.at(x - k, z - k) > here_m + rise_m * k as f64 + 0.02)
    }

    fn picture(&self) -> Vec<u8> {
        let (sine, cosine) = SUN_HEIGHT_DEG.to_radians().sin_cos();
        let (low, high) = self
            .heights_m
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
        let mut pixels = Vec::with_capacity(self.edge * self.edge * 3);
        for z in 0..self.edge as i64 {
            for x in 0..self.edge as i64 {
                let height_m = self.at(x, z);
                let east = (self.at(x + 1, z) - self.at(x - 1, z)) / (2.0 * self.step_m);
                let south = (self.at(x, z + 1) - self.at(x, z - 1)) / (2.0 * self.step_m);
                let length = (east * east + south * south + 1.0).sqrt();
                let lit = (sine + (east + south) * cosine * 0.5f64.sqrt()) / length;
                let sun = if self.is_shaded(x, z) { 0.0 } else { lit.max(0.0) };
                let light = 1.25 * sun + 0.18 + 0.1 / length;
                let t = (height_m - low) / (high - low).max(1.0);
                let ground = [0.52 + 0.3 * t, 0.48 + 0.32 * t, 0.38 + 0.4 * t];
                let colour = if height_m < 0.0 { [0.1, 0.2, 0.35] } else { ground };
                let shown = |v: f64| (255.0 * (v * light).clamp(0.0, 1.0).powf(1.0 / 2.2)) as u8;
                pixels.extend(colour.map(shown));
            }
        }
        pixels
    }
}

fn write(path: &Path, field: &Field) -> Result<(), Box<dyn std::error::Error>> {
    let edge = field.edge as u32;
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path)?), edge, edge);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(&field.picture())?;
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.first().ok_or("name a folder for the pictures")?;
    let number = |k: usize| arguments.get(k).and_then(|text| text.parse::<f64>().ok());
    let earth = load()?;
    let mut places = PLACES.to_vec();
    if let (Some(lat), Some(lon), Some(width_km)) = (number(1), number(2), number(3)) {
        places = vec![("place", lat, lon, width_km)];
    } else if let Some(wanted) = arguments.get(1) {
        places.retain(|place| place.0.contains(wanted.as_str()));
    }
    for (name, lat, lon, width_km) in places {
        let start = std::time::Instant::now();
        let (field, lod) = survey(&earth, lat, lon, width_km * 1000.0);
        let seconds = start.elapsed().as_secs_f64();
        let columns = (field.edge * field.edge) as f64;
        let least = field.heights_m.iter().copied().fold(f64::INFINITY, f64::min);
        let most = field.heights_m.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        println!(
            "{name}: lod {lod}, {least:.0} to {most:.0} m, {:.2} us a column",
            seconds * 1e6 / columns
        );
        write(&Path::new(folder).join(format!("{name}.png")), &field)?;
    }
    Ok(())
}

fn load() -> Result<EarthBaseline, TerrainError> {
    let assets = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets"));
    EarthBaseline::load(&EarthSources::shipped(assets), &MaterialTable::standard(), 1)
}
