//! `query`: questions about voxels, boxes and rays on standard input.

use std::{
    io::{self, BufReader},
    process::ExitCode,
};

use bluemarble_core::{GeoPosition, MAX_LOD, MaterialId, Ray, Shape};
use bluemarble_world::{
    Exactness, HybridWorld, RayHit, RayOptions, RayTarget, WorldError, WorldReader,
};
use clap::{Args, Subcommand};
use glam::DVec3;
use serde_json::{Value, json};

use crate::{
    failure::Failure,
    lines::{Lines, numbers, voxel_box, voxel_pos},
    open::WorldArgs,
    output,
};

/// Ask about voxels, boxes and rays: a line on standard input for each question, a line of JSON for each
/// answer, in the same order. Blank lines are skipped.
#[derive(Subcommand)]
pub enum Query {
    /// What voxels are made of.
    Point(Point),
    /// What boxes are made of, as boxes of one material each.
    Region(Region),
    /// What rays hit.
    Ray(CastRay),
}

#[derive(Args)]
struct Common {
    #[command(flatten)]
    world: WorldArgs,
    /// Add how each answer was found, and why in this way.
    #[arg(long)]
    explain: bool,
}

/// What voxels are made of. A line is `region,x,y,z`, with --geographic
/// `latitude,longitude,altitude_m`.
#[derive(Args)]
#[command(after_help = "Example: echo 0,0,-1,0 | bluemarble query point hills --explain")]
pub struct Point {
    #[command(flatten)]
    common: Common,
    /// Which lod to look at: the answer is the cell of that lod that holds the voxel.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=i64::from(MAX_LOD)))]
    lod: u8,
    /// Places in degrees and metres above sea level.
    #[arg(long)]
    geographic: bool,
    /// Let the most frequent material of a chunk do where it is known to fill at least this share of it, 0
    /// to 1.
    #[arg(long, value_name = "SHARE")]
    dominant: Option<f64>,
}

/// What boxes are made of, as boxes of one material each that fill them. A line is
/// `region,x0,y0,z0,x1,y1,z1`; the upper corner is not in the box.
#[derive(Args)]
#[command(after_help = "Example: echo 0,0,-64,0,64,64,64 | bluemarble query region hills --lod 2")]
pub struct Region {
    #[command(flatten)]
    common: Common,
    /// Which lod to look at.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=i64::from(MAX_LOD)))]
    lod: u8,
}

/// What rays hit. A line is `x,y,z,dx,dy,dz`: an origin in metres of local space and a direction of any
/// length. With --geographic it is `latitude,longitude,altitude_m,heading,pitch`: degrees clockwise from
/// north, and up.
#[derive(Args)]
#[command(
    after_help = "Example: echo 46.0,7.7,9000,180,-30 | bluemarble query ray earth --geographic"
)]
pub struct CastRay {
    #[command(flatten)]
    common: Common,
    /// Origins in degrees and metres above sea level.
    #[arg(long)]
    geographic: bool,
    /// How far rays go.
    #[arg(long, value_name = "METRES", default_value_t = 100_000.0)]
    max_m: f64,
    /// Let rays pass through liquids.
    #[arg(long)]
    solid: bool,
    /// Every stretch of one material, up to this many, in place of the first.
    #[arg(long, value_name = "MOST")]
    all: Option<usize>,
    /// How much wider a ray is for each metre it has gone: it meets cells that are no wider.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    spread: f64,
}

impl Query {
    pub fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Point(point) => point.run(),
            Self::Region(region) => region.run(),
            Self::Ray(ray) => ray.run(),
        }
    }
}

impl Point {
    fn run(self) -> Result<ExitCode, Failure> {
        let exactness = match self.dominant {
            None => Exactness::Exact,
            Some(threshold) if (0.0..=1.0).contains(&threshold) => {
                Exactness::Dominant { threshold }
            }
            Some(share) => {
                return Err(Failure::new(format!("--dominant {share}: a share is 0 to 1")));
            }
        };
        self.common.answer(|reader, line| {
            let pos = if self.geographic {
                let [lat, lon, altitude_m] = numbers(line, "latitude,longitude,altitude_m")?;
                let shape = reader.shape();
                let place = GeoPosition::new(lat, lon, altitude_m);
                shape.lattice_from_local(shape.local_from_geo(place)).voxel()
            } else {
                voxel_pos(line)?
            };
            let material =
                reader.query_material(pos, self.lod, exactness).map_err(Refused::from)?;
            let mut answer = named(reader.world(), material);
            answer["region"] = json!(pos.region);
            answer["voxel"] = json!(pos.voxel.to_array());
            answer["lod"] = json!(self.lod);
            Ok(answer)
        })
    }
}

impl Region {
    fn run(self) -> Result<ExitCode, Failure> {
        self.common.answer(|reader, line| {
            let voxels = voxel_box(line)?;
            let found = reader.query_region(voxels, self.lod).map_err(Refused::from)?;
            let boxes: Vec<_> = found
                .iter()
                .map(|found| {
                    let mut answer = named(reader.world(), found.material);
                    answer["min"] = json!(found.voxels.min.to_array());
                    answer["max"] = json!(found.voxels.max.to_array());
                    answer
                })
                .collect();
            Ok(json!({ "region": voxels.region, "lod": self.lod, "boxes": boxes }))
        })
    }
}

impl CastRay {
    fn run(self) -> Result<ExitCode, Failure> {
        for (flag, value) in [("--max-m", self.max_m), ("--spread", self.spread)] {
            if value.is_nan() || value < 0.0 {
                return Err(Failure::new(format!("{flag} {value}: must not be below 0")));
            }
        }
        let options = RayOptions {
            max_m: self.max_m,
            target: if self.solid { RayTarget::Solid } else { RayTarget::Visible },
            spread: self.spread,
        };
        self.common.answer(|reader, line| {
            let shape = reader.shape();
            let ray = if self.geographic { geographic_ray(&shape, line) } else { world_ray(line) }?;
            let most = self.all.unwrap_or(1);
            let hits = reader.all_hits(&ray, &options, most).map_err(Refused::from)?;
            let hits: Vec<_> = hits.iter().map(|hit| described(reader.world(), hit)).collect();
            Ok(match self.all {
                Some(_) => json!({ "hits": hits }),
                None => json!({ "hit": hits.first() }),
            })
        })
    }
}

/// Why a question has no answer: what is wrong with it, or with the world.
enum Refused {
    Line(String),
    World(WorldError),
}

impl From<String> for Refused {
    fn from(what: String) -> Self {
        Self::Line(what)
    }
}

impl From<WorldError> for Refused {
    fn from(error: WorldError) -> Self {
        match error {
            WorldError::Store(_) | WorldError::Lost { .. } => Self::World(error),
            question => Self::Line(question.to_string()),
        }
    }
}

impl Common {
    /// Answers line by line.
    fn answer(
        &self,
        mut answer: impl FnMut(&mut WorldReader, &str) -> Result<Value, Refused>,
    ) -> Result<ExitCode, Failure> {
        let world = self.world.open_reading(self.world.required_ground()?)?;
        let mut reader = world.reader();
        let mut lines = Lines::new(BufReader::new(io::stdin().lock()), "standard input");
        while let Some(line) = lines.next()? {
            if line.is_empty() {
                continue;
            }
            let mut found = answer(&mut reader, &line).map_err(|refused| match refused {
                Refused::Line(what) => lines.refuse(what),
                Refused::World(error) => error.into(),
            })?;
            if self.explain {
                found["explain"] = json!(reader.explanation());
            }
            output::print(&found.to_string())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn named(world: &HybridWorld, material: MaterialId) -> Value {
    json!({ "material": material.0, "name": world.materials().name(material) })
}

fn described(world: &HybridWorld, hit: &RayHit) -> Value {
    let (shape, mut answer) = (world.shape(), named(world, hit.material));
    let geo = hit.geo(&shape);
    answer["distance_m"] = json!(hit.distance_m);
    answer["region"] = json!(hit.pos.region);
    answer["voxel"] = json!(hit.pos.voxel.to_array());
    answer["lod"] = json!(hit.lod);
    answer["face"] = json!(hit.face.map(|face| face.name()));
    answer["normal"] = json!(hit.normal(&shape).map(|normal| normal.to_array()));
    answer["point_m"] = json!(hit.point.to_array());
    answer["latitude"] = json!(geo.lat_deg);
    answer["longitude"] = json!(geo.lon_deg);
    answer["altitude_m"] = json!(geo.altitude_m);
    answer
}

fn world_ray(line: &str) -> Result<Ray, String> {
    let [x, y, z, dx, dy, dz] = numbers(line, "x,y,z,dx,dy,dz")?;
    let direction = DVec3::new(dx, dy, dz).try_normalize();
    let direction = direction.ok_or_else(|| format!("`{line}` has no direction"))?;
    Ok(Ray { origin: DVec3::new(x, y, z), direction })
}

fn geographic_ray(shape: &Shape, line: &str) -> Result<Ray, String> {
    let [lat, lon, altitude_m, heading, pitch] =
        numbers(line, "latitude,longitude,altitude_m,heading,pitch")?;
    let origin = shape.local_from_geo(GeoPosition::new(lat, lon, altitude_m));
    let (east, north) = shape.east_north(origin);
    let (sin, cos) = heading.to_radians().sin_cos();
    let (rise, along) = pitch.to_radians().sin_cos();
    let direction = (east * sin + north * cos) * along + shape.up(origin) * rise;
    Ok(Ray { origin, direction: direction.normalize() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rays_are_read_in_metres_and_in_degrees() {
        let ray = world_ray("1,2.5,-3,0,-2,0").expect("a ray");
        assert_eq!(ray, Ray { origin: DVec3::new(1.0, 2.5, -3.0), direction: DVec3::NEG_Y });
        assert!(world_ray("1,2,3,0,0,0").expect_err("nowhere").contains("no direction"));
        assert!(world_ray("1,2,3,0,0,inf").expect_err("infinite").contains("`inf`"));
        let shape = Shape::earth();
        let ray = geographic_ray(&shape, "0,0,100,90,0").expect("a ray");
        assert!((ray.origin - DVec3::X * (6_371_008.8 + 100.0)).length() < 1e-6);
        // East of the prime meridian is -Z.
        assert!((ray.direction - DVec3::NEG_Z).length() < 1e-9, "{ray:?}");
        let down = geographic_ray(&shape, "0,0,100,17,-90").expect("a ray");
        assert!((down.direction - DVec3::NEG_X).length() < 1e-9, "{down:?}");
    }
}
