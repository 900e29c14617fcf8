//! Layers of cells, cut from the columns of a tile.

use std::cell::RefCell;

use bluemarble_core::MaterialId;

use super::{
    column::CellColumn,
    floors::{Floors, Layers},
    lists::ColumnLists,
    packed::PackedTile,
    place::EDGE,
    ranges::Ranges,
};

thread_local! {
    /// Room for the columns of one tile.
    static COLUMNS: RefCell<ColumnLists> =
        RefCell::new(ColumnLists::of(&[CellColumn::<[i32; 0]>::default(); EDGE * EDGE]));
}

/// Writes layers of cells, from the one at y up, as many as there is room for.
pub(super) fn write_layers<F: Floors>(
    tile: &PackedTile<F>,
    y: i32,
    layers: &Layers<F>,
    cells: &mut [MaterialId],
) {
    COLUMNS.with_borrow_mut(|columns| {
        tile.unpack(columns);
        for (y, cells) in (y..).zip(cells.chunks_exact_mut(EDGE * EDGE)) {
            write_layer(columns, &tile.ranges, y, layers, cells);
        }
    });
}

/// Writes one layer of cells.
fn write_layer<F: Floors>(
    columns: &ColumnLists,
    ranges: &Ranges<F>,
    y: i32,
    layers: &Layers<F>,
    cells: &mut [MaterialId],
) {
    if let Some(material) = ranges.uniform(y..=y, layers) {
        cells.fill(material);
        return;
    }
    // Layers none of whose cells lie so deep need not look at the deep floors.
    let floors = ranges.floors.as_ref();
    let deepest = floors.iter().position(|range| y > range.max).unwrap_or(floors.len());
    let below = layers.below.as_ref();
    match deepest {
        0 => cells.copy_from_slice(&columns.subsoil),
        deepest => cells.fill(below[deepest - 1]),
    }
    for i in (1..deepest).rev() {
        let layer = below[i - 1];
        for (cell, &floor) in cells.iter_mut().zip(&columns.floors[i]) {
            *cell = if y > floor { layer } else { *cell };
        }
    }
    if deepest > 0 {
        for ((cell, &floor), &subsoil) in
            cells.iter_mut().zip(&columns.floors[0]).zip(&columns.subsoil)
        {
            *cell = if y > floor { subsoil } else { *cell };
        }
    }
    if y < ranges.ground.min {
        return;
    }
    for (((cell, &ground), &filled), &surface) in
        cells.iter_mut().zip(&columns.ground).zip(&columns.filled).zip(&columns.surface)
    {
        let fluid = if y > filled { MaterialId::AIR } else { layers.water };
        let top = if y == ground { surface } else { *cell };
        *cell = if y > ground { fluid } else { top };
    }
}
