//! [`Sand`]: how sandy the land is, from the land cover.

use bluemarble_core::MaterialTable;

use super::{land_cover::LandCover, land_cover_kinds::Kind};
use crate::noise::floor;

/// Edge of a block of pixels of the land cover: 30 km of the shipped one.
const BLOCK: usize = 4;
/// Caps wider than this many blocks are sandy if the rows they cross are.
const WIDE_BLOCKS: f64 = 20.0;

/// The share of sand in blocks of pixels, equirectangular like the land cover.
pub(super) struct Sand {
    /// 255 is all sand.
    shares: Vec<u8>,
    columns: usize,
    rows: usize,
    /// Blocks in a degree, along and down.
    per_deg: [f64; 2],
}

impl Sand {
    /// Counts pixels of deserts of sand, pale and red.
    pub fn new(cover: &LandCover, materials: &MaterialTable) -> Self {
        let is_sand =
            |name: &str| matches!(Kind::of_name(name), Some(Kind::SandDesert | Kind::RedDesert));
        let (shares, size) = cover.shares(BLOCK, |material| is_sand(materials.name(material)));
        let [columns, rows] = size.map(|pixels| pixels.div_ceil(BLOCK));
        let per_deg = [size[0] as f64 / 360.0, size[1] as f64 / 180.0].map(|v| v / BLOCK as f64);
        Self { shares, columns, rows, per_deg }
    }

    /// The share of a block, counted around the globe and held between the poles.
    #[inline]
    fn share(&self, column: i64, row: i64) -> u8 {
        let column = column.rem_euclid(self.columns as i64) as usize;
        let row = row.clamp(0, self.rows as i64 - 1) as usize;
        self.shares[row * self.columns + column]
    }

    /// Blocks from the middle of the one in the north-western corner.
    fn place(&self, [lat_deg, lon_deg]: [f64; 2]) -> [f64; 2] {
        [(lon_deg + 180.0) * self.per_deg[0] - 0.5, (90.0 - lat_deg) * self.per_deg[1] - 0.5]
    }

    /// The share of sand around a place, 0..=1, bilinear between the middles of blocks.
    pub fn share_at(&self, lat_lon_deg: [f64; 2]) -> f64 {
        let place = self.place(lat_lon_deg);
        let [(column, west), (row, north)] = place.map(floor);
        let [u, v] = [place[0] - west, place[1] - north];
        let around = [(0, 0), (1, 0), (0, 1), (1, 1)]
            .map(|(right, down)| self.share(column + right, row + down));
        if around == [0; 4] {
            return 0.0;
        }
        let [a, b, c, d] = around.map(|share| f64::from(share) / 255.0);
        let (north, south) = (a + u * (b - a), c + u * (d - c));
        north + v * (south - north)
    }

    /// No share within this many degrees of arc of a place is larger.
    pub fn most_within(&self, [lat_deg, lon_deg]: [f64; 2], arc_deg: f64) -> f64 {
        let around = self.place([lat_deg, lon_deg]);
        // The farthest meridian that touches the cap; beyond the poles all of them do.
        let cosine = lat_deg.to_radians().cos();
        let sine = arc_deg.min(90.0).to_radians().sin();
        let side_deg = if sine < cosine { (sine / cosine).asin().to_degrees() } else { 180.0 };
        let reach = [side_deg * self.per_deg[0], arc_deg * self.per_deg[1]];
        if reach[1] > WIDE_BLOCKS {
            return 1.0;
        }
        let range = |k: usize| {
            floor(around[k] - reach[k] - 1e-6).0..=floor(around[k] + reach[k] + 1e-6).0 + 1
        };
        let columns = range(0);
        let columns = if reach[0] < self.columns as f64 * 0.5 {
            columns
        } else {
            0..=self.columns as i64 - 1
        };
        let shares =
            range(1).flat_map(|row| columns.clone().map(move |column| self.share(column, row)));
        f64::from(shares.max().unwrap_or(0)) / 255.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{earth::land_cover::tests::shipped, noise::mix};

    #[test]
    fn ergs_are_sandy_and_forests_ice_and_seas_are_not() {
        let (cover, materials) = shipped();
        let sand = Sand::new(cover, materials);
        let sandy =
            [(30.5, 7.5), (30.5, 1.0), (21.0, 50.0), (38.8, 83.0), (27.5, 25.5), (-25.0, 137.3)];
        for (lat, lon) in sandy {
            let share = sand.share_at([lat, lon]);
            assert!(share > 0.9, "{share} at {lat}, {lon}");
        }
        for (lat, lon) in [(46.0, 8.0), (-3.0, -62.0), (72.0, -40.0), (0.0, -140.0), (51.5, 0.0)] {
            let share = sand.share_at([lat, lon]);
            assert!(share < 0.05, "{share} at {lat}, {lon}");
        }
    }

    #[test]
    fn no_place_of_a_cap_is_sandier_than_the_most_within_it() {
        let (cover, materials) = shipped();
        let sand = Sand::new(cover, materials);
        let (mut less, mut most_of_all) = (0, 0.0f64);
        for k in 0..4000u64 {
            let random = |i: u64| mix(k * 8 + i) as f64 / u64::MAX as f64;
            let lat = 179.9 * random(0) - 89.95;
            let lon = 360.0 * random(1) - 180.0;
            let arc_deg = 12.0 * random(2).powi(4);
            let most = sand.most_within([lat, lon], arc_deg);
            less += i32::from(most < 1.0);
            for i in 3..8 {
                // A place at a part of the way along a great circle that begins anywhere.
                let (turn, arc) = (
                    random(i) * std::f64::consts::TAU,
                    (arc_deg * random(i + 9).sqrt()).to_radians(),
                );
                let here = lat.to_radians();
                let sine = here.sin() * arc.cos() + here.cos() * arc.sin() * turn.cos();
                let east =
                    (turn.sin() * arc.sin() * here.cos()).atan2(arc.cos() - here.sin() * sine);
                let share = sand.share_at([sine.asin().to_degrees(), lon + east.to_degrees()]);
                most_of_all = most_of_all.max(share);
                assert!(share <= most, "{share} within {arc_deg} degrees of {lat}, {lon}: {most}");
            }
        }
        assert!(less > 2000 && most_of_all > 0.9, "{less}, {most_of_all}");
    }
}
