//! Where people live, and the light of it at night: spots for towns, smaller ones around large cities, and beads
//! of light along the ways between neighbours.

use std::{collections::HashMap, path::Path};

use glam::Vec3;

use super::error::PictureError;

/// A settlement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    /// Unit vector from the planet's centre.
    pub towards: Vec3,
    /// How many live there, at least [`FEWEST`].
    pub people: f32,
    /// 0 for the most important.
    pub rank: u32,
}

/// A round soft spot of light: unit vector, width of its bell curve, brightness of its middle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    pub towards: Vec3,
    pub sigma_rad: f32,
    pub strength: f32,
}

/// The kind of place that is lit.
const LIT_KIND: &str = "city";
/// Fewer are not counted, and unknown numbers stand for these.
const FEWEST: f32 = 1000.0;
/// How many live at least in a city of rank 0, 1 and 2: small capitals are bright.
const MIN_BY_RANK: [f32; 3] = [800_000.0, 300_000.0, 120_000.0];
/// Kilometres of a radian of the Earth, which the laws below are made for.
const KM: f32 = 1.0 / 6371.0;
/// Neighbours further apart have no lights between them.
const MAX_ROAD: f32 = 420.0 * KM;
/// Places with fewer people are no end of a way.
const MIN_ON_ROAD: f32 = 15_000.0;
/// Ways from a place to larger ones.
const WAYS: usize = 2;

/// Reads a list of places: a head that names the columns `kind`, `lat_deg`, `lon_deg`, `population` and `rank`,
/// then one place a line. Those that are no settlements are left out.
pub(super) fn read_places(path: &Path, text: &str) -> Result<Vec<Place>, PictureError> {
    let wrong = |line, reason: String| PictureError::Places { path: path.to_owned(), line, reason };
    let mut lines = text.lines().enumerate();
    let head: HashMap<_, _> =
        lines.next().into_iter().flat_map(|(_, head)| fields(head)).zip(0..).collect();
    let column = |name: &str| {
        head.get(name)
            .copied()
            .ok_or_else(|| wrong(1, format!("no column {name}; the first line names the columns")))
    };
    let kind = column("kind")?;
    let [lat, lon] = [column("lat_deg")?, column("lon_deg")?];
    let [population, rank] = [column("population")?, column("rank")?];
    let mut places = Vec::new();
    for (index, line) in lines {
        let fields = fields(line);
        if fields.get(kind).is_none_or(|kind| kind != LIT_KIND) {
            continue;
        }
        let number = |column: usize, name: &str| {
            let text = fields.get(column).map_or("", |text| text.trim());
            let number = text.parse::<f32>().ok().filter(|number| number.is_finite());
            number.ok_or_else(|| wrong(index + 1, format!("{name} is {text:?}; give a number")))
        };
        let (lat, lon) = (number(lat, "lat_deg")?, number(lon, "lon_deg")?);
        if lat.abs() > 90.0 || lon.abs() > 180.0 {
            let reason =
                format!("no place at {lat}, {lon}; degrees north are -90 to 90, east -180 to 180");
            return Err(wrong(index + 1, reason));
        }
        let rank = number(rank, "rank")?.max(0.0) as u32;
        let fewest = MIN_BY_RANK.get(rank as usize).copied().unwrap_or(FEWEST);
        let people = number(population, "population")?.max(fewest);
        places.push(Place { towards: towards(lat, lon), people, rank });
    }
    Ok(places)
}

/// Unit vector of a latitude and a longitude in degrees: as `Shape::local_from_geo`.
pub(super) fn towards(lat_deg: f32, lon_deg: f32) -> Vec3 {
    let (sin_lat, cos_lat) = lat_deg.to_radians().sin_cos();
    let (sin_lon, cos_lon) = lon_deg.to_radians().sin_cos();
    Vec3::new(cos_lat * cos_lon, sin_lat, -cos_lat * sin_lon)
}

/// The fields of a line. Quotes hold commas together.
fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut quoted) = (vec![String::new()], false);
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            letter => {
                if let Some(field) = fields.last_mut() {
                    field.push(letter);
                }
            }
        }
    }
    fields
}

/// The lights of all places, for texels of `texel_rad`: smaller spots are drawn one texel wide and darker.
pub(super) fn spots(places: &[Place], texel_rad: f32) -> Vec<Spot> {
    let mut spots = Vec::new();
    let mut add = |towards: Vec3, radius: f32, strength: f32| {
        let sigma_rad = radius.max(texel_rad * 0.6);
        // Between the light that there is, radius², and what an eye makes of it.
        let strength = strength * (radius / sigma_rad).powf(1.2);
        spots.push(Spot { towards, sigma_rad, strength });
    };
    for (index, place) in places.iter().enumerate() {
        let mut chance = Chance::new(index as u64);
        let (radius, strength) = (radius(place.people), brightness(place.people));
        add(place.towards, radius * 0.55, strength * 1.6);
        // The built-up land is no disc: lobes of it reach out, and smaller towns stand around.
        let lobes = (place.people / 60_000.0).sqrt().min(24.0) as usize;
        for _ in 0..lobes {
            let far = chance.next() * 1.5;
            let at = beside(place.towards, radius * far, &mut chance);
            add(at, radius * (0.12 + 0.28 * chance.next()), strength * (1.25 - 0.6 * far));
        }
        let towns = (place.people / 5_000.0).sqrt().min(90.0) as usize;
        for _ in 0..towns {
            let (near, size) = (chance.next(), chance.next());
            let far = radius * 1.3 + 150.0 * KM * near * near;
            let at = beside(place.towards, far, &mut chance);
            let people = FEWEST * 2.0 + place.people * 0.03 * size * size * size;
            add(at, self::radius(people) * 0.8, brightness(people));
        }
        // What the air over a city scatters.
        add(place.towards, radius * 2.2, 0.05 * strength * strength);
    }
    for (from, to) in ways(places) {
        let mut chance = Chance::new((from * places.len() + to) as u64 ^ 0x5bd1);
        let (from, to) = (places[from], places[to]);
        let apart = (from.towards - to.towards).length();
        let busy = 0.16 * (1.0 - 0.8 * apart / MAX_ROAD) * brightness(from.people.min(to.people));
        let beads = (apart / (6.0 * KM)) as usize;
        // No road is straight: it swings to one side and back.
        let aside = from.towards.cross(to.towards).normalize_or_zero() * apart;
        let (swing, turns) = (0.3 * (chance.next() - 0.5), 1.0 + 2.0 * chance.next());
        for bead in 1..beads {
            let share = (bead as f32 + chance.next() - 0.5) / beads as f32;
            let at = from.towards.lerp(to.towards, share).normalize_or_zero();
            let off = swing * (share * turns * std::f32::consts::PI).sin() * (1.0 - share) * 2.0;
            let at = beside(at + aside * off, apart * 0.06 * chance.next(), &mut chance);
            // Few beads are bright: villages on a road that is all but dark.
            let size = chance.next();
            add(at, (1.2 + 2.0 * size) * KM, busy * (0.3 + 3.5 * size * size * size * size));
        }
    }
    spots
}

/// How far the built-up land of a town of this many people reaches, in radians: 5 km for 100,000, 26 km for ten million.
fn radius(people: f32) -> f32 {
    2.0 * KM * (people / 10_000.0).powf(0.37)
}

/// 0.1 for a village, 1 for ten million.
fn brightness(people: f32) -> f32 {
    (0.25 * (people / FEWEST).log10()).clamp(0.1, 1.1)
}

/// A place this many radians away, in a random direction.
fn beside(towards: Vec3, away_rad: f32, chance: &mut Chance) -> Vec3 {
    let (sin, cos) = (chance.next() * std::f32::consts::TAU).sin_cos();
    let (one, other) = towards.any_orthonormal_pair();
    (towards + (one * cos + other * sin) * away_rad).normalize_or_zero()
}

/// From each place that is large enough to the nearest ones that are no smaller: pairs of indices.
fn ways(places: &[Place]) -> Vec<(usize, usize)> {
    let mut by_latitude: Vec<usize> =
        (0..places.len()).filter(|&i| places[i].people >= MIN_ON_ROAD).collect();
    by_latitude.sort_by(|&a, &b| places[a].towards.y.total_cmp(&places[b].towards.y));
    let mut found = Vec::new();
    for (order, &from) in by_latitude.iter().enumerate() {
        let Place { towards, people, .. } = places[from];
        let is_near = |&&to: &&usize| (places[to].towards.y - towards.y).abs() < MAX_ROAD;
        let south = by_latitude[..order].iter().rev().take_while(is_near);
        let north = by_latitude[order + 1..].iter().take_while(is_near);
        // Ties go by the order in the list, so that equal ones are joined once.
        let is_larger = |to: usize| (places[to].people, from) > (people, to);
        let mut near: Vec<(f32, usize)> = (south.chain(north))
            .filter(|&&to| is_larger(to))
            .map(|&to| ((places[to].towards - towards).length(), to))
            .filter(|(apart, _)| *apart < MAX_ROAD)
            .collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        found.extend(near.iter().take(WAYS).map(|&(_, to)| (from, to)));
    }
    found
}

/// Numbers that look random and are the same each time (Steele and others, "Fast splittable pseudorandom number
/// generators", 2014).
struct Chance(u64);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xd134_2543_de82_ef95))
    }

    /// 0 to 1, without 1.
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 40) as f32 / (1_u64 << 24) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "name,kind,country_or_region,lat_deg,lon_deg,population,rank";

    fn read(lines: &str) -> Result<Vec<Place>, PictureError> {
        read_places(Path::new("places.csv"), &format!("{HEAD}\n{lines}"))
    }

    #[test]
    fn only_settlements_are_lit_and_unknown_numbers_of_people_count_as_few() {
        let list = "ALPS,range/mtn,Europe,46.5,9.0,,1\n\"A, B\",city,Nowhere,10.0,20.0,-99,7\n";
        let places = read(list).expect("the list is right");
        assert_eq!(places, [Place { towards: towards(10.0, 20.0), people: FEWEST, rank: 7 }]);
    }

    #[test]
    fn a_bad_list_is_told_with_file_and_line() {
        let message = |lines: &str| read(lines).expect_err("it is wrong").to_string();
        let city = "A,city,B,1.0,2.0,3,4\nC,city,D,";
        assert!(
            message(&format!("{city}x,2.0,3,4"))
                .starts_with("places.csv, line 3: lat_deg is \"x\"")
        );
        assert!(message(&format!("{city}91,2.0,3,4")).contains("line 3: no place at 91, 2"));
        assert!(message(&format!("{city}1.0")).contains("line 3: lon_deg is \"\""));
        let headless = read_places(Path::new("a.csv"), "name,kind\n").expect_err("no columns");
        assert!(headless.to_string().starts_with("a.csv, line 1: no column lat_deg"));
        assert!(read_places(Path::new("a.csv"), "").is_err());
    }

    #[test]
    fn the_same_list_gives_the_same_lights_and_larger_cities_more_of_them() {
        let list = "A,city,B,10,20,5000000,1\nC,city,D,11,21,20000,8\nE,city,F,-40,70,20000,8\n";
        let places = read(list).expect("the list is right");
        let lights = |places: &[Place]| {
            let spots = spots(places, 0.001);
            spots.iter().map(|spot| spot.strength * spot.sigma_rad.powi(2)).sum::<f32>()
        };
        assert_eq!(lights(&places), lights(&places));
        assert!(lights(&places[..1]) > 20.0 * lights(&places[1..2]));
        // Neighbours are joined once, and never across an ocean.
        assert_eq!(ways(&places), [(1, 0)]);
    }
}
