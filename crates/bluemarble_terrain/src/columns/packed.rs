//! [`PackedTile`]: the columns of a tile in a quarter of the memory, as they are kept.

use bluemarble_core::MaterialId;

use super::{
    column::CellColumn,
    floors::Floors,
    lists::ColumnLists,
    ranges::{Range, Ranges},
};
use crate::relief::PackedHeights;

/// Columns as they are kept: heights within a tile mostly differ by less than 256 cells, and few kinds
/// of surface occur.
pub(crate) struct PackedTile<F: Floors> {
    filled: Heights,
    ground: Heights,
    floors: Box<[Heights]>,
    tops: Tops,
    /// Heights of these columns and of one more on each side.
    pub ring: PackedHeights,
    pub ranges: Ranges<F>,
}

impl<F: Floors> PackedTile<F> {
    pub fn new(columns: &[CellColumn<F>], ring: PackedHeights) -> Self {
        let lists = ColumnLists::of(columns);
        let ranges = Ranges::<F>::of(&lists);
        let floors = lists.floors.iter().zip(ranges.floors.as_ref());
        Self {
            filled: Heights::new(&lists.filled, ranges.filled),
            ground: Heights::new(&lists.ground, ranges.ground),
            floors: floors.map(|(floors, &range)| Heights::new(floors, range)).collect(),
            tops: Tops::new(&lists.surface, &lists.subsoil),
            ring,
            ranges,
        }
    }

    /// Writes all columns to lists.
    pub fn unpack(&self, lists: &mut ColumnLists) {
        self.filled.write(&mut lists.filled);
        self.ground.write(&mut lists.ground);
        while lists.floors.len() < self.floors.len() {
            lists.floors.push(vec![0; lists.ground.len()]);
        }
        for (heights, floors) in self.floors.iter().zip(&mut lists.floors) {
            heights.write(floors);
        }
        self.tops.write(&mut lists.surface, &mut lists.subsoil);
    }

    /// A column, by its place in the tile.
    pub fn column(&self, at: usize) -> CellColumn<F> {
        let [surface, subsoil] = self.tops.get(at);
        CellColumn {
            filled: self.filled.get(at),
            ground: self.ground.get(at),
            surface,
            subsoil,
            floors: F::from_fn(|i| self.floors[i].get(at)),
        }
    }
}

/// One number of each column: the least of all and how much more each is, if that is little.
enum Heights {
    Same(i32),
    Bytes(i32, Box<[u8]>),
    Words(i32, Box<[u16]>),
    Plain(Box<[i32]>),
}

impl Heights {
    fn new(heights: &[i32], Range { min, max }: Range) -> Self {
        let above = heights.iter().map(|&height| i64::from(height) - i64::from(min));
        match i64::from(max) - i64::from(min) {
            0 => Self::Same(min),
            1..=0xff => Self::Bytes(min, above.map(|above| above as u8).collect()),
            0x100..=0xffff => Self::Words(min, above.map(|above| above as u16).collect()),
            _ => Self::Plain(heights.into()),
        }
    }

    fn get(&self, at: usize) -> i32 {
        match self {
            Self::Same(height) => *height,
            Self::Bytes(least, above) => least + i32::from(above[at]),
            Self::Words(least, above) => least + i32::from(above[at]),
            Self::Plain(heights) => heights[at],
        }
    }

    fn write(&self, out: &mut [i32]) {
        match self {
            Self::Same(height) => out.fill(*height),
            Self::Bytes(least, above) => {
                out.iter_mut().zip(above).for_each(|(out, &above)| *out = least + i32::from(above));
            }
            Self::Words(least, above) => {
                out.iter_mut().zip(above).for_each(|(out, &above)| *out = least + i32::from(above));
            }
            Self::Plain(heights) => out.copy_from_slice(heights),
        }
    }
}

/// The surface and the subsoil of each column.
enum Tops {
    /// Each pair that occurs, and which of them a column has.
    Listed(Vec<[MaterialId; 2]>, Box<[u8]>),
    Plain(Box<[[MaterialId; 2]]>),
}

impl Tops {
    fn new(surface: &[MaterialId], subsoil: &[MaterialId]) -> Self {
        let pairs = || surface.iter().zip(subsoil).map(|(&surface, &subsoil)| [surface, subsoil]);
        let (mut list, mut last) = (Vec::<[MaterialId; 2]>::new(), 0);
        let listed = pairs().map(|pair| {
            // Neighbours mostly have the same.
            if list.get(last) != Some(&pair) {
                let known = list.iter().position(|&known| known == pair);
                last = known.unwrap_or_else(|| {
                    list.push(pair);
                    list.len() - 1
                });
            }
            u8::try_from(last).ok()
        });
        match listed.collect() {
            Some(listed) => Self::Listed(list, listed),
            None => Self::Plain(pairs().collect()),
        }
    }

    fn get(&self, at: usize) -> [MaterialId; 2] {
        match self {
            Self::Listed(list, listed) => list[usize::from(listed[at])],
            Self::Plain(pairs) => pairs[at],
        }
    }

    fn write(&self, surface: &mut [MaterialId], subsoil: &mut [MaterialId]) {
        for (at, (surface, subsoil)) in surface.iter_mut().zip(subsoil).enumerate() {
            [*surface, *subsoil] = self.get(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_any_spread_come_back() {
        let spreads = [0, 1, 255, 256, 65_535, 65_536, i32::MAX];
        for (spread, kinds) in spreads.into_iter().zip([1u16, 2, 256, 257, 3000, 9, 1]) {
            let height = |at: usize, seed: usize| {
                let share = ((at * 2_654_435_761 + seed) % 1009) as f64 / 1008.0;
                (share * f64::from(spread)) as i32 - spread / 2 - 7
            };
            let columns: Vec<CellColumn<[i32; 5]>> = (0..4096)
                .map(|at| CellColumn {
                    filled: height(at, 1),
                    ground: height(at, 2),
                    surface: MaterialId(at as u16 % kinds),
                    subsoil: MaterialId(at as u16 % kinds / 2),
                    floors: std::array::from_fn(|i| height(at, 3 + i)),
                })
                .collect();
            let packed = PackedTile::new(&columns, PackedHeights::new(&[]));
            let mut lists = ColumnLists::of(&[columns[7]; 4096]);
            packed.unpack(&mut lists);
            for (at, column) in columns.iter().enumerate() {
                assert_eq!((packed.column(at), lists.column(at)), (*column, *column), "{spread}");
            }
        }
    }
}
