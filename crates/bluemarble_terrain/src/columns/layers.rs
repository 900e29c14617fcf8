//! Layers of cells, cut from the columns of a tile.

use std::cell::RefCell;

use bluemarble_core::MaterialId;

use super::{
    column::{CellColumn, STRATA, Strata},
    lists::ColumnLists,
    packed::PackedTile,
    place::EDGE,
    ranges::Ranges,
};

thread_local! {
    /// Room for the columns of one tile.
    static COLUMNS: RefCell<ColumnLists> =
        RefCell::new(ColumnLists::of(&[CellColumn::default(); EDGE * EDGE]));
}

/// Writes layers of cells, from the one at y up, as many as there is room for.
pub(super) fn write_layers(tile: &PackedTile, y: i32, strata: &Strata, cells: &mut [MaterialId]) {
    COLUMNS.with_borrow_mut(|columns| {
        tile.unpack(columns);
        for (y, layer) in (y..).zip(cells.chunks_exact_mut(EDGE * EDGE)) {
            write_layer(columns, &tile.ranges, y, strata, layer);
        }
    });
}

/// Writes one layer of cells.
fn write_layer(
    columns: &ColumnLists,
    ranges: &Ranges,
    y: i32,
    strata: &Strata,
    cells: &mut [MaterialId],
) {
    if let Some(material) = ranges.uniform(y..=y, strata) {
        cells.fill(material);
        return;
    }
    // Layers none of whose cells lie so deep need not look at the deep floors.
    let deepest = ranges.floors.iter().position(|range| y > range.max).unwrap_or(STRATA);
    let below = |i: usize| if i < STRATA { strata.layers[i - 1] } else { strata.bottom };
    match deepest {
        0 => cells.copy_from_slice(&columns.subsoil),
        deepest => cells.fill(below(deepest)),
    }
    for i in (1..deepest).rev() {
        let layer = below(i);
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
        let fluid = if y > filled { MaterialId::AIR } else { strata.water };
        let top = if y == ground { surface } else { *cell };
        *cell = if y > ground { fluid } else { top };
    }
}
