//! [`CoverSampler`]: the class of ground at places much closer to each other than pixels are.
//!
//! Each of the nine pixels around has a say (a quadratic B-spline, so that a border between two classes is
//! a smooth line and no staircase). Noise decides between the two classes with the most say: clearly
//! inside of a class it changes nothing, at a border it moves it by up to two thirds of a pixel, in bays
//! and islands of every size that the lod shows. Inside of a class, patches of the next darker and the
//! next lighter class of the same kind are strewn.

use bluemarble_core::MaterialId;
use glam::{DVec3, dvec3};

use super::land_cover::{CoverDetail, LandCover};
use crate::noise::{NoiseCell, floor};

/// Wavelengths of the noise that frays borders: from a pixel down to 30 m, each shorter by this.
const MAX_WAVELENGTH_M: f64 = 6_800.0;
const LACUNARITY: f64 = 2.2;
const OCTAVES: usize = 8;
/// How fast the octaves weaken: ragged.
const PERSISTENCE: f64 = 0.78;
/// The say of the first octave against that of pixels.
const FRAY: f64 = 2.4;
/// Octaves are at least this many cells long: shorter ones would be salt and pepper, and cost faces.
const MIN_WAVELENGTH_CELLS: f64 = 10.0;
/// Places farther apart than this many pixels lie near a pole.
const FAR_PIXELS: f64 = 40.0;
/// Wide and narrow patches shift places east and south by these parts of a pixel: where three classes meet,
/// the lines between them are straight otherwise.
const SHIFT: [[f64; 2]; 2] = [[-0.4, 0.9], [0.8, 0.5]];
/// Inside of a class, these weights of wide and narrow patches beyond this limit show another shade.
const SHADING: [f64; 2] = [-0.35, 1.0];
const SHADING_LIMIT: f64 = 0.36;
const EARTH_RADIUS_M: f64 = 6_371_000.0;

/// One octave.
struct Octave {
    cell: NoiseCell,
    per_radius: f64,
    offset: DVec3,
    weight: f64,
}

/// Finds classes at one lod; quickest if places follow each other closely.
pub(super) struct CoverSampler<'a> {
    cover: &'a LandCover,
    detail: CoverDetail,
    octaves: Vec<Octave>,
}

impl<'a> CoverSampler<'a> {
    /// A sampler for cells of a width in metres.
    pub fn new(cover: &'a LandCover, cell_m: f64) -> Self {
        let mut octaves = Vec::with_capacity(OCTAVES);
        let (mut wavelength_m, mut weight) = (MAX_WAVELENGTH_M, FRAY);
        while octaves.len() < OCTAVES && wavelength_m >= MIN_WAVELENGTH_CELLS * cell_m {
            let k = octaves.len() as f64;
            octaves.push(Octave {
                cell: NoiseCell::new(0xc0_4e12 + octaves.len() as u64),
                per_radius: EARTH_RADIUS_M / wavelength_m,
                offset: dvec3(0.31 + 0.37 * k, 0.73 + 0.19 * k, 0.17 + 0.53 * k),
                weight,
            });
            wavelength_m /= LACUNARITY;
            weight *= PERSISTENCE;
        }
        Self { cover, detail: cover.detail(cell_m), octaves }
    }

    /// Where a place lies in the raster, in pixels. `patch` are wide and narrow patches of noise, -1..=1.
    #[inline]
    pub fn pixel(&self, lat_lon_deg: [f64; 2], patch: [f64; 2]) -> [f64; 2] {
        let pixel = self.cover.pixel(lat_lon_deg);
        match self.detail {
            CoverDetail::Nearest { .. } => pixel,
            CoverDetail::Blended => std::array::from_fn(|k| {
                let [wide, narrow] = SHIFT[k];
                pixel[k] + wide * patch[0] + narrow * patch[1]
            }),
        }
    }

    /// A pixel, counted around the globe to where it is nearest to another one.
    #[inline]
    pub fn unwrapped(&self, [x, y]: [f64; 2], to: [f64; 2]) -> [f64; 2] {
        let around = self.cover.columns();
        let away = x - to[0];
        [x - around * f64::from(i8::from(away > 0.5 * around) - i8::from(away < -0.5 * around)), y]
    }

    /// The one class of all places between four pixels; an inner `None` if there are several, an outer one if
    /// the pixels are too far from each other.
    pub fn spread(&self, pixels: &[[f64; 2]; 4]) -> Option<Option<u8>> {
        let (level, margin) = match self.detail {
            CoverDetail::Nearest { level } => (level, 0),
            CoverDetail::Blended => (0, 1),
        };
        let blocks = f64::from(1u32 << level);
        let range = |k: usize| {
            let v = pixels.map(|pixel| pixel[k]);
            let low = v[0].min(v[1]).min(v[2].min(v[3]));
            let high = v[0].max(v[1]).max(v[2].max(v[3]));
            (high - low < FAR_PIXELS * blocks)
                .then(|| [floor(low / blocks).0 - margin, floor(high / blocks).0 + margin])
        };
        let (columns, rows) = (range(0)?, range(1)?);
        Some(self.cover.one_class(level, columns, rows))
    }

    /// The noise that frays borders in a unit direction.
    pub fn fray(&mut self, direction: DVec3) -> f64 {
        let CoverDetail::Blended = self.detail else { return 0.0 };
        let octave = |octave: &mut Octave| {
            let place = direction * octave.per_radius + octave.offset;
            f64::from(octave.cell.value(place)) * octave.weight
        };
        self.octaves.iter_mut().map(octave).sum()
    }

    /// The class at a pixel where the noise is `fray`.
    #[inline]
    pub fn class(&self, pixel: [f64; 2], fray: f64) -> u8 {
        match self.detail {
            CoverDetail::Nearest { level } => self.cover.nearest_pixel(level, pixel),
            CoverDetail::Blended => {
                let (around, part) = self.cover.around(pixel);
                if around.iter().all(|&class| class == around[4]) {
                    around[4]
                } else {
                    at_border(&around, part, fray)
                }
            }
        }
    }

    /// The material of a class.
    #[inline]
    pub fn material(&self, class: u8) -> MaterialId {
        self.cover.material(class)
    }

    /// The class or its next darker or lighter one, as patches have it.
    #[inline]
    pub fn shaded(&self, class: u8, [wide, narrow]: [f64; 2]) -> u8 {
        if let CoverDetail::Nearest { .. } = self.detail {
            return class;
        }
        let shade = SHADING[0] * wide + SHADING[1] * narrow;
        if shade < -SHADING_LIMIT {
            self.cover.shades(class)[0]
        } else if shade > SHADING_LIMIT {
            self.cover.shades(class)[1]
        } else {
            class
        }
    }
}

/// The class where pixels differ.
fn at_border(around: &[u8; 9], part: [f64; 2], fray: f64) -> u8 {
    let (first, second) = strongest(around, part);
    // The same patches favour the same one of two classes everywhere.
    let (low, high) = if first.0 < second.0 { (first, second) } else { (second, first) };
    // -1..=1, stretched to all numbers: no patch reaches the edge of what nine pixels know, where
    // their grid would show.
    let lead = (low.1 - high.1) / (low.1 + high.1);
    if lead / (1.0 - lead.abs()).max(1e-6) + fray >= 0.0 { low.0 } else { high.0 }
}

/// What the pixel before, the pixel itself and the one after count for at a part of it, 0..1.
#[inline]
fn spline(part: f64) -> [f64; 3] {
    let (before, after) = (1.0 - part, part);
    [0.5 * before * before, 0.5 + before * after, 0.5 * after * after]
}

/// The two classes with the most say and their says. There are at least two.
#[inline]
fn strongest(around: &[u8; 9], [u, v]: [f64; 2]) -> ((u8, f64), (u8, f64)) {
    let (along, down) = (spline(u), spline(v));
    let mut found = [(0u8, 0.0f64); 9];
    let mut count = 0;
    for (k, &class) in around.iter().enumerate() {
        let say = along[k % 3] * down[k / 3];
        match found[..count].iter_mut().find(|(known, _)| *known == class) {
            Some((_, sum)) => *sum += say,
            None => {
                found[count] = (class, say);
                count += 1;
            }
        }
    }
    let (mut first, mut second) = ((0, -1.0), (0, -1.0));
    for &(class, say) in &found[..count] {
        if say > first.1 {
            second = first;
            first = (class, say);
        } else if say > second.1 {
            second = (class, say);
        }
    }
    (first, second)
}

#[cfg(test)]
mod tests {
    use super::super::land_cover::tests::shipped;
    use super::*;

    fn at(
        sampler: &mut CoverSampler<'_>,
        direction: DVec3,
        lat_lon_deg: [f64; 2],
        patch: [f64; 2],
    ) -> MaterialId {
        let (pixel, fray) = (sampler.pixel(lat_lon_deg, patch), sampler.fray(direction));
        sampler.material(sampler.shaded(sampler.class(pixel, fray), patch))
    }

    /// The materials of 64 x 64 cells and the share of those that differ from all four neighbours.
    fn tile(
        cover: &LandCover,
        [lat_deg, lon_deg]: [f64; 2],
        cell_m: f64,
    ) -> (Vec<MaterialId>, f64) {
        const EDGE: usize = 64;
        let mut sampler = CoverSampler::new(cover, cell_m);
        let step_deg = (cell_m / EARTH_RADIUS_M).to_degrees();
        let mut found = Vec::new();
        for j in 0..EDGE {
            for i in 0..EDGE {
                let lat = lat_deg - j as f64 * step_deg;
                let lon = lon_deg + i as f64 * step_deg / lat_deg.to_radians().cos();
                let (p, l) = (lat.to_radians(), lon.to_radians());
                let direction = dvec3(p.cos() * l.cos(), p.sin(), -p.cos() * l.sin());
                found.push(at(&mut sampler, direction, [lat, lon], [0.0; 2]));
            }
        }
        let odd = (EDGE..EDGE * (EDGE - 1))
            .filter(|k| (1..EDGE - 1).contains(&(k % EDGE)))
            .filter(|&k| [k - 1, k + 1, k - EDGE, k + EDGE].iter().all(|&n| found[n] != found[k]))
            .count();
        let share = odd as f64 / (EDGE * EDGE) as f64;
        (found, share)
    }

    #[test]
    fn borders_fray_at_every_scale_but_never_into_salt_and_pepper() {
        let (cover, _) = shipped();
        let places = [[46.9, 7.6], [22.4, 11.2], [44.2, 4.5], [28.3, 84.0], [-24.8, 130.7]];
        for cell_m in [1.2, 9.5, 76.0, 610.0, 1200.0] {
            let mut worst = 0.0f64;
            for place in places {
                worst = worst.max(tile(cover, place, cell_m).1);
            }
            assert!(worst < 0.02, "{worst} of cells {cell_m} m wide stand alone");
        }
    }

    #[test]
    fn no_border_keeps_to_the_grid_of_pixels() {
        let (cover, _) = shipped();
        // Straight borders along rows of cells, where neighbours along the row do not change either.
        let (mut straight, mut all) = (0, 0);
        for place in [[46.9, 7.6], [22.4, 11.2], [44.2, 4.5], [28.3, 84.0], [-24.8, 130.7]] {
            let (found, _) = tile(cover, place, 305.0);
            let differs = |k: usize| found[k] != found[k + 64];
            for k in (0..64 * 63).filter(|k| k % 64 < 56) {
                all += usize::from(differs(k));
                straight += usize::from((k..k + 8).all(differs));
            }
        }
        assert!(all > 300, "only {all} borders to look at");
        assert!(straight * 20 < all, "{straight} of {all} borders run straight for eight cells");
    }

    #[test]
    fn a_place_has_one_class_whatever_was_asked_before() {
        let (cover, _) = shipped();
        let found = |sampler: &mut CoverSampler<'_>, lat: f64, lon: f64| {
            let (p, l) = (lat.to_radians(), lon.to_radians());
            let direction = dvec3(p.cos() * l.cos(), p.sin(), -p.cos() * l.sin());
            at(sampler, direction, [lat, lon], [0.1, -0.2])
        };
        let mut warm = CoverSampler::new(cover, 5.0);
        for k in 0..2000 {
            let (lat, lon) = (46.0 + f64::from(k % 50) * 0.01, 7.0 + f64::from(k / 50) * 0.01);
            let fresh = found(&mut CoverSampler::new(cover, 5.0), lat, lon);
            assert_eq!(found(&mut warm, lat, lon), fresh);
        }
    }
}
