//! [`LandCover`]: which class of ground lies where, from a raster of the whole globe.
//!
//! | cells | what they take |
//! |---|---|
//! | much finer than a pixel | one of the two classes that prevail around, see `land_cover_sampler` |
//! | as wide as a pixel | the pixel's class |
//! | wider | the class whose colour is nearest to the mean of the pixels below |

use std::path::Path;

use bluemarble_core::{MaterialId, MaterialTable};

use super::{
    land_cover_kinds::Kind,
    land_cover_png::{self, Raster},
};
use crate::{
    error::TerrainError,
    noise::{floor, mix},
};

/// Means of blocks of up to 2^4 pixels: 119 km of Blue Marble.
const LEVELS: usize = 5;
/// Cells finer than this share of a pixel see fraying borders.
const BLENDED_PIXELS: f64 = 0.3;
/// Shades of one kind mix if their colours (sRGB) are no farther apart.
const SHADE_REACH: f32 = 0.12;
/// Shades per channel of the table of nearest classes.
const SHADES: usize = 32;
const EARTH_RADIUS_M: f64 = 6_371_000.0;

/// Classes of ground over latitude and longitude.
pub(crate) struct LandCover {
    /// The raster, then blocks of 2 x 2 of it, and so on.
    levels: Vec<Level>,
    /// The material of each class.
    materials: Vec<MaterialId>,
    /// For each class, the next darker and the next lighter one of its like.
    shades: Vec<[u8; 2]>,
    content_hash: u64,
}

/// One level of detail.
struct Level {
    columns: usize,
    rows: usize,
    classes: Vec<u8>,
}

/// How cells of a width find their class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CoverDetail {
    /// From the pixels around, with fraying borders.
    Blended,
    /// From the nearest block of `2^level` pixels.
    Nearest {
        /// 0 is a pixel.
        level: usize,
    },
}

impl LandCover {
    /// Reads a PNG of class indices, 8 bits each, equirectangular: the first row lies in the north, the
    /// first column begins at 180° west. Its text `Classes` names the material of each index in turn.
    ///
    /// # Errors
    /// [`TerrainError`], naming the file and what is wrong with it, or the material that is missing.
    pub fn load(path: &Path, materials: &MaterialTable) -> Result<Self, TerrainError> {
        let Raster { columns, rows, classes, names } = land_cover_png::read(path)?;
        let ids = names.iter().map(|name| materials.id(name)).collect::<Result<Vec<_>, _>>()?;
        let colours: Vec<[f32; 3]> = ids
            .iter()
            .map(|&id| materials.get(id).map_or([0.0; 3], |row| row.colour.map(|v| v * v)))
            .collect();
        let start = names
            .iter()
            .flat_map(|name| name.bytes().chain([0]))
            .fold(mix(columns as u64), |hash, byte| mix(hash ^ u64::from(byte)));
        let (words, rest) = classes.as_chunks::<8>();
        let content_hash = words
            .iter()
            .map(|word| u64::from_le_bytes(*word))
            .chain(rest.iter().map(|&byte| u64::from(byte)))
            .fold(start, |hash, word| {
                (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
            });
        let shades = shades(&names, &colours);
        let levels = pyramid(Level { columns, rows, classes }, &colours);
        tracing::debug!(path = %path.display(), columns, rows, classes = ids.len(), "land cover read");
        Ok(Self { levels, materials: ids, shades, content_hash })
    }

    /// A hash of every pixel and of what the classes are called.
    pub fn content_hash(&self) -> u64 {
        self.content_hash
    }

    /// Columns and rows of the raster.
    #[cfg(test)]
    pub fn size(&self) -> [usize; 2] {
        [self.levels[0].columns, self.levels[0].rows]
    }

    /// The materials that the classes are.
    #[cfg(test)]
    pub fn materials(&self) -> &[MaterialId] {
        &self.materials
    }

    /// How cells of a width in metres find their class.
    pub fn detail(&self, cell_m: f64) -> CoverDetail {
        let pixel_m = std::f64::consts::PI * EARTH_RADIUS_M / self.levels[0].rows as f64;
        let pixels = cell_m / pixel_m;
        if pixels < BLENDED_PIXELS {
            return CoverDetail::Blended;
        }
        // Blocks are at most as wide as 1.4 cells.
        let level = (0..LEVELS - 1).take_while(|&k| f64::from(2u32 << k) <= pixels * 1.42).count();
        CoverDetail::Nearest { level: level.min(self.levels.len() - 1) }
    }

    /// The share of pixels whose material counts in blocks of `edge` x `edge` of them, 255 for all, row by row;
    /// and the columns and rows of pixels.
    pub(super) fn shares(
        &self,
        edge: usize,
        counts: impl Fn(MaterialId) -> bool,
    ) -> (Vec<u8>, [usize; 2]) {
        let Level { columns, rows, classes } = &self.levels[0];
        let counted: [bool; 256] = std::array::from_fn(|class| counts(self.material(class as u8)));
        let mut shares = Vec::new();
        for rows in classes.chunks(edge * columns) {
            let mut sums = vec![[0u32; 2]; columns.div_ceil(edge)];
            for row in rows.chunks_exact(*columns) {
                for (sum, part) in sums.iter_mut().zip(row.chunks(edge)) {
                    let count = part.iter().filter(|class| counted[usize::from(**class)]).count();
                    *sum = [sum[0] + count as u32, sum[1] + part.len() as u32];
                }
            }
            shares.extend(sums.iter().map(|[count, all]| (count * 255 / all) as u8));
        }
        (shares, [*columns, *rows])
    }

    /// The material of a class.
    #[inline]
    pub(super) fn material(&self, class: u8) -> MaterialId {
        self.materials.get(usize::from(class)).copied().unwrap_or(MaterialId::AIR)
    }

    /// The next darker and the next lighter class of the like of one.
    #[inline]
    pub(super) fn shades(&self, class: u8) -> [u8; 2] {
        self.shades.get(usize::from(class)).copied().unwrap_or([class; 2])
    }

    /// The class of the block of `2^level` pixels at a place.
    #[cfg(test)]
    pub(super) fn nearest(&self, level: usize, lat_deg: f64, lon_deg: f64) -> u8 {
        self.nearest_pixel(level, self.pixel([lat_deg, lon_deg]))
    }

    /// The class of the block of `2^level` pixels that holds a pixel.
    #[inline]
    pub(super) fn nearest_pixel(&self, level: usize, pixel: [f64; 2]) -> u8 {
        let level = level.min(self.levels.len() - 1);
        let blocks = f64::from(1u32 << level);
        let [x, y] = pixel.map(|v| floor(v / blocks).0);
        self.levels[level].class(x, y)
    }

    /// The class of blocks of `2^level` pixels in inclusive ranges, if there is but one.
    pub(super) fn one_class(&self, level: usize, columns: [i64; 2], rows: [i64; 2]) -> Option<u8> {
        let level = &self.levels[level.min(self.levels.len() - 1)];
        let first = level.class(columns[0], rows[0]);
        let is_one = (rows[0]..=rows[1])
            .all(|row| (columns[0]..=columns[1]).all(|column| level.class(column, row) == first));
        is_one.then_some(first)
    }

    /// The nine classes around a place, row by row, and where in the pixel in the middle it lies.
    #[inline]
    pub(super) fn around(&self, [x, y]: [f64; 2]) -> ([u8; 9], [f64; 2]) {
        let ((column, left), (row, top)) = (floor(x), floor(y));
        (self.levels[0].around(column, row), [x - left, y - top])
    }

    /// Pixels around the globe.
    #[inline]
    pub(super) fn columns(&self) -> f64 {
        self.levels[0].columns as f64
    }

    /// Pixels from the north-western corner, fractional.
    #[inline]
    pub(super) fn pixel(&self, [lat_deg, lon_deg]: [f64; 2]) -> [f64; 2] {
        let level = &self.levels[0];
        [
            (lon_deg + 180.0) * (level.columns as f64 / 360.0),
            (90.0 - lat_deg) * (level.rows as f64 / 180.0),
        ]
    }
}

/// The next darker and the next lighter class of each one's kind, or of kinds that mingle with it; the
/// class itself where there is none near enough.
fn shades(names: &[String], colours: &[[f32; 3]]) -> Vec<[u8; 2]> {
    let kinds: Vec<_> = names.iter().map(|name| Kind::of_name(name)).collect();
    let light = |k: usize| colours[k].iter().sum::<f32>();
    (0..names.len())
        .map(|own| {
            let next = |is_lighter: bool| {
                let distance = |k: usize| -> f32 {
                    let pairs = colours[k].iter().zip(&colours[own]);
                    pairs.map(|(a, b)| (a.sqrt() - b.sqrt()) * (a.sqrt() - b.sqrt())).sum()
                };
                (0..names.len())
                    .filter(|&k| k != own && (light(k) > light(own)) == is_lighter)
                    .filter(|&k| match (kinds[k], kinds[own]) {
                        (Some(a), Some(b)) => a == b || a.mingles(b),
                        _ => false,
                    })
                    .filter(|&k| distance(k) < SHADE_REACH * SHADE_REACH)
                    .min_by(|&a, &b| distance(a).total_cmp(&distance(b)))
                    .map_or(own as u8, |k| k as u8)
            };
            [next(false), next(true)]
        })
        .collect()
}

impl Level {
    /// The class at a column, counted around the globe, and a row, held inside.
    #[inline]
    fn class(&self, column: i64, row: i64) -> u8 {
        let column = column.rem_euclid(self.columns as i64) as usize;
        let row = row.clamp(0, self.rows as i64 - 1) as usize;
        self.classes[row * self.columns + column]
    }

    /// The nine classes around a pixel, row by row.
    #[inline]
    fn around(&self, column: i64, row: i64) -> [u8; 9] {
        let (columns, rows) = (self.columns as i64, self.rows as i64);
        if column >= 1 && row >= 1 && column + 1 < columns && row + 1 < rows {
            let first = ((row - 1) * columns + column - 1) as usize;
            let three = |at: usize| [self.classes[at], self.classes[at + 1], self.classes[at + 2]];
            let [a, b, c] = three(first);
            let [d, e, f] = three(first + self.columns);
            let [g, h, i] = three(first + 2 * self.columns);
            return [a, b, c, d, e, f, g, h, i];
        }
        std::array::from_fn(|k| self.class(column + k as i64 % 3 - 1, row + k as i64 / 3 - 1))
    }
}

/// Square roots of linear light, as a place in the table of nearest classes.
fn shade(root: f32) -> usize {
    ((root * SHADES as f32) as usize).min(SHADES - 1)
}

/// For each shade of red, green and blue, the class that is nearest. `colours` are squares of sRGB, which
/// are near enough to linear light and the same on every machine.
fn nearest_classes(colours: &[[f32; 3]]) -> Vec<u8> {
    let roots: Vec<[f32; 3]> = colours.iter().map(|colour| colour.map(f32::sqrt)).collect();
    let middle = |k: usize| (k as f32 + 0.5) / SHADES as f32;
    let mut table = Vec::with_capacity(SHADES * SHADES * SHADES);
    for index in 0..SHADES * SHADES * SHADES {
        let [r, g, b] = [index / SHADES / SHADES, index / SHADES % SHADES, index % SHADES];
        let [r, g, b] = [middle(r), middle(g), middle(b)];
        let mut best = (f32::INFINITY, 0);
        for (class, root) in roots.iter().enumerate() {
            // Eyes see green best and blue least.
            let distance = 3.0 * (root[0] - r) * (root[0] - r)
                + 4.0 * (root[1] - g) * (root[1] - g)
                + 2.0 * (root[2] - b) * (root[2] - b);
            if distance < best.0 {
                best = (distance, class as u8);
            }
        }
        table.push(best.1);
    }
    table
}

/// All levels over a raster.
fn pyramid(finest: Level, colours: &[[f32; 3]]) -> Vec<Level> {
    let table = nearest_classes(colours);
    let nearest = |mean: [f32; 3]| {
        let [r, g, b] = mean.map(|v| shade(v.sqrt()));
        table[(r * SHADES + g) * SHADES + b]
    };
    let mean_of = |parts: [[f32; 3]; 4]| -> [f32; 3] {
        std::array::from_fn(|i| (parts[0][i] + parts[1][i] + parts[2][i] + parts[3][i]) * 0.25)
    };
    let colour = |class: u8| colours.get(usize::from(class)).copied().unwrap_or([0.0; 3]);
    let (classes, mut below) = blocks(&finest, |parts| {
        let [a, b, c, d] = parts.map(|at| finest.classes[at]);
        // Most blocks are of one class.
        if a == b && a == c && a == d {
            return (a, colour(a));
        }
        let mean = mean_of([a, b, c, d].map(colour));
        (nearest(mean), mean)
    });
    let mut levels = vec![finest, classes];
    while levels.len() < LEVELS {
        let (classes, means) = blocks(&levels[levels.len() - 1], |parts| {
            let mean = mean_of(parts.map(|at| below[at]));
            (nearest(mean), mean)
        });
        levels.push(classes);
        below = means;
    }
    levels
}

/// The level above one, and the mean colours of its blocks: `block` is given the four places below.
fn blocks(fine: &Level, block: impl Fn([usize; 4]) -> (u8, [f32; 3])) -> (Level, Vec<[f32; 3]>) {
    let (columns, rows) = (fine.columns.div_ceil(2), fine.rows.div_ceil(2));
    let mut means = vec![[0.0; 3]; columns * rows];
    let mut classes = vec![0; columns * rows];
    for (row, (classes, means)) in
        classes.chunks_mut(columns).zip(means.chunks_mut(columns)).enumerate()
    {
        let down = [2 * row, (2 * row + 1).min(fine.rows - 1)].map(|r| r * fine.columns);
        for (column, (class, mean)) in classes.iter_mut().zip(means).enumerate() {
            let along = [2 * column, (2 * column + 1).min(fine.columns - 1)];
            let parts =
                [down[0] + along[0], down[0] + along[1], down[1] + along[0], down[1] + along[1]];
            (*class, *mean) = block(parts);
        }
    }
    (Level { columns, rows, classes }, means)
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::OnceLock;

    use super::*;

    /// The shipped raster and material table.
    pub fn shipped() -> (&'static LandCover, &'static MaterialTable) {
        static COVER: OnceLock<(LandCover, MaterialTable)> = OnceLock::new();
        let (cover, table) = COVER.get_or_init(|| {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/earth/land_cover.png");
            let table = MaterialTable::standard();
            let cover = LandCover::load(Path::new(path), &table).expect("the shipped land cover");
            (cover, table)
        });
        (cover, table)
    }

    #[test]
    fn every_class_is_a_material_of_a_known_kind() {
        let (cover, table) = shipped();
        assert!(
            (40..=60).contains(&cover.materials().len()),
            "{} classes",
            cover.materials().len()
        );
        for &id in cover.materials() {
            let name = table.name(id);
            assert!(Kind::of_name(name).is_some(), "`{name}` is of no known kind");
        }
        assert_eq!(cover.size(), [5400, 2700]);
    }

    #[test]
    fn well_known_places_have_the_ground_one_expects() {
        use Kind::{
            ArcticSnow, BorealForest, DrySavanna, DrySteppe, Farmland, GlacierIce, HighPlateau,
            LavaField, RainForest, RedDesert, SaltFlat, SandDesert, Savanna, SnowField, Steppe,
            StoneDesert, TemperateForest, Tundra,
        };
        let (cover, table) = shipped();
        let places: [(&str, f64, f64, &[Kind]); 20] = [
            ("Sahara", 24.0, 5.0, &[SandDesert, StoneDesert]),
            ("Rub al Khali", 20.0, 51.0, &[SandDesert]),
            ("Amazon", -5.0, -62.0, &[RainForest]),
            ("Congo", 0.5, 22.0, &[RainForest]),
            ("Borneo", 1.0, 114.0, &[RainForest]),
            ("Greenland", 72.0, -40.0, &[GlacierIce]),
            ("Antarctica", -80.0, 40.0, &[GlacierIce]),
            ("the red centre of Australia", -24.5, 130.0, &[RedDesert]),
            ("Iceland's interior", 64.9, -18.0, &[LavaField, Tundra, BorealForest, SnowField]),
            ("Vatnajökull", 64.4, -16.8, &[GlacierIce]),
            ("the Bernese Alps", 46.5, 8.0, &[SnowField, GlacierIce]),
            ("the Salar de Uyuni", -20.2, -67.5, &[SaltFlat]),
            ("Siberia", 62.0, 100.0, &[BorealForest]),
            ("Iowa", 42.0, -93.5, &[Farmland]),
            ("northern France", 49.5, 2.5, &[Farmland]),
            ("Kazakhstan", 49.0, 66.0, &[DrySteppe, Steppe, Farmland]),
            ("Tibet", 33.0, 88.0, &[HighPlateau]),
            ("the Serengeti", -2.5, 34.8, &[Savanna, DrySavanna, Farmland]),
            ("the Appalachians", 35.6, -83.5, &[TemperateForest, Farmland]),
            ("Ellesmere Island", 80.5, -75.0, &[GlacierIce, ArcticSnow]),
        ];
        let mut wrong = Vec::new();
        for (name, lat_deg, lon_deg, kinds) in places {
            let found = table.name(cover.material(cover.nearest(0, lat_deg, lon_deg)));
            if !Kind::of_name(found).is_some_and(|kind| kinds.contains(&kind)) {
                wrong.push(format!("{name}: {found}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn coasts_of_sand_and_forest_are_not_blue() {
        let (cover, table) = shipped();
        for &id in cover.materials() {
            let Some(row) = table.get(id) else { continue };
            let [red, _, blue] = row.colour;
            let is_white = red > 0.5;
            assert!(is_white || blue < red + 0.02, "{} is blue: {:?}", row.name, row.colour);
        }
    }

    #[test]
    fn wider_blocks_keep_the_mean_colour() {
        let (cover, table) = shipped();
        let light = |class: u8| {
            table.get(cover.material(class)).map_or(0.0, |row| f64::from(row.colour[1]).powi(2))
        };
        let mean = |level: &Level| {
            let sum: f64 = level.classes.iter().map(|&class| light(class)).sum();
            sum / level.classes.len() as f64
        };
        let fine = mean(&cover.levels[0]);
        for level in &cover.levels[1..] {
            let here = mean(level);
            assert!((here / fine - 1.0).abs() < 0.03, "{here} instead of {fine}");
        }
        assert_eq!(cover.levels[4].columns, 338);
    }

    #[test]
    fn cells_take_blocks_about_as_wide_as_they_are() {
        let (cover, _) = shipped();
        let level = |cell_m: f64| match cover.detail(cell_m) {
            CoverDetail::Blended => None,
            CoverDetail::Nearest { level } => Some(level),
        };
        assert_eq!(level(0.15), None);
        assert_eq!(level(1200.0), None);
        assert_eq!(level(5_000.0), Some(0));
        assert_eq!(level(20_000.0), Some(1));
        assert_eq!(level(80_000.0), Some(3));
        assert_eq!(level(1e7), Some(4));
    }

    #[test]
    fn the_raster_closes_at_the_antimeridian_and_ends_at_the_poles() {
        let (cover, _) = shipped();
        for lat_deg in [-89.99, -40.0, 0.0, 66.3, 90.0] {
            let (east, _) = cover.around(cover.pixel([lat_deg, 179.999]));
            let (west, _) = cover.around(cover.pixel([lat_deg, -179.999]));
            for row in 0..3 {
                assert_eq!(east[row * 3 + 1..row * 3 + 3], west[row * 3..row * 3 + 2]);
            }
            assert_eq!(cover.nearest(0, lat_deg, 180.0), cover.nearest(0, lat_deg, -180.0));
        }
    }
}
