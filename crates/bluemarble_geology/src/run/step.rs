//! Time goes on: process by process, tile by tile.

use bluemarble_core::{CancelToken, parallel};
use bluemarble_landscape::{
    evolution::{Budget, Land},
    grid::{Grid, PlaneGrid},
};

use super::{
    Rated, Run,
    fields::{Fields, add},
};
use crate::{
    GeologyError,
    process::{GeologicalProcess, Halo, Place, Tile},
};

impl Run {
    /// Lets time go on; gives what has been done to the rock. Nothing is written yet.
    ///
    /// # Errors
    /// [`GeologyError::Cancelled`] if `cancel` says so, which is asked between processes and their steps: nothing has happened
    /// then. What [`Run::write`] says if writing had been stopped, which is finished first.
    pub fn step(&mut self, years: f64, cancel: &CancelToken) -> Result<Budget, GeologyError> {
        if self.fields.is_writing {
            self.write(cancel)?;
        }
        let before = self.fields.clone();
        let result = self.take_step(years, cancel);
        if result.is_err() {
            self.fields = before;
        }
        result
    }

    fn take_step(&mut self, years: f64, cancel: &CancelToken) -> Result<Budget, GeologyError> {
        let begun_years = self.fields.land.years;
        let mut sum = Budget::default();
        for index in 0..self.options.processes.len() {
            let Rated { process, rate } = &self.options.processes[index];
            let (rate, longest) = (*rate, process.longest_step_years());
            let (moves_crust, own_years) = (process.moves_crust(), years * rate);
            if own_years <= 0.0 {
                continue;
            }
            let steps = (own_years / longest).ceil().max(1.0);
            let before_m = self.fields.land.ground_m.clone();
            for step in 0..steps as u64 {
                cancel.check()?;
                // The clock of the process.
                let own_begun = begun_years * rate;
                self.fields.land.years = own_begun + own_years * step as f64 / steps;
                add(&mut sum, &self.act(index, own_years / steps));
            }
            let fields = &mut self.fields;
            for (node, before_m) in before_m.into_iter().enumerate() {
                let change_m = fields.land.ground_m[node] - before_m;
                fields.credits_m[index][node] += change_m as f32;
                if moves_crust {
                    fields.strata.risen_m[node] += change_m;
                    fields.balanced_m[node] += change_m;
                }
            }
        }
        self.fields.land.years = begun_years + years;
        add(&mut self.fields.budget, &sum);
        Ok(sum)
    }

    /// One step of one process.
    fn act(&mut self, index: usize, years: f64) -> Budget {
        let process = &*self.options.processes[index].process;
        let size = self.options.area.size;
        let Fields { land, balanced_m, strata, sea_level_m, .. } = &mut self.fields;
        let place = Place {
            first: [0, 0],
            size,
            lat_deg: self.lat_deg,
            sea_level_m: *sea_level_m,
            columns: size[0],
            strata,
        };
        match process.halo() {
            Halo::Everything => process.step(&mut Tile { land, balanced_m, place }, years),
            Halo::Nodes(halo) => {
                let tiles = Tiles { edge: self.options.tile_nodes.max(1), halo, size };
                act_in_tiles(process, land, place, years, tiles, self.options.threads)
            }
        }
    }
}

/// How an area is cut.
#[derive(Clone, Copy)]
struct Tiles {
    edge: usize,
    halo: usize,
    size: [usize; 2],
}

impl Tiles {
    /// From and to which column and row each goes.
    fn list(&self) -> Vec<[[usize; 2]; 2]> {
        let parts = |size: usize| {
            let edge = self.edge;
            (0..size).step_by(edge).map(move |first| [first, (first + edge).min(size)])
        };
        let [columns, rows] = self.size;
        parts(rows).flat_map(|rows| parts(columns).map(move |columns| [columns, rows])).collect()
    }

    /// The same with its halo.
    fn with_halo(&self, range: [usize; 2], axis: usize) -> [usize; 2] {
        [range[0].saturating_sub(self.halo), (range[1] + self.halo).min(self.size[axis])]
    }
}

/// Each tile is worked on as the land was before the step.
fn act_in_tiles(
    process: &dyn GeologicalProcess,
    land: &mut Land,
    place: Place<'_>,
    years: f64,
    tiles: Tiles,
    threads: usize,
) -> Budget {
    let before = &*land;
    let list = tiles.list();
    let changed = parallel::map_with(
        threads,
        &list,
        || (),
        |(), &[columns, rows]| {
            let around = [tiles.with_halo(columns, 0), tiles.with_halo(rows, 1)];
            let mut part = part_of(before, around);
            let first = [around[0][0], around[1][0]];
            let place = Place { first, columns: part.grid.columns(), ..place };
            process.step(&mut Tile { land: &mut part, balanced_m: &mut [], place }, years);
            let own = [0, 1].map(|axis| [columns, rows][axis].map(|at| at - first[axis]));
            [&part.ground_m, &part.sediment_m, &part.ice.thickness_m, &part.ice.load_m]
                .map(|field| cut(field, part.grid.columns(), own))
        },
    );
    let rock_m3 = land.rock_m3();
    for (&[columns, rows], fields) in list.iter().zip(changed) {
        let Land { grid, ground_m, sediment_m, ice, .. } = &mut *land;
        let whole = [ground_m, sediment_m, &mut ice.thickness_m, &mut ice.load_m];
        for (whole, part) in whole.into_iter().zip(fields) {
            let width = columns[1] - columns[0];
            for (row, part) in (rows[0]..rows[1]).zip(part.chunks_exact(width)) {
                let start = grid.node(columns[0], row);
                whole[start..start + width].copy_from_slice(part);
            }
        }
    }
    // What has come in, summed in an order that no tile changes.
    Budget { raised_m3: land.rock_m3() - rock_m3, ..Budget::default() }
}

/// A part of a field: from and to which column and row.
fn cut<T: Copy>(field: &[T], width: usize, [columns, rows]: [[usize; 2]; 2]) -> Vec<T> {
    let row = |row: usize| &field[row * width + columns[0]..row * width + columns[1]];
    (rows[0]..rows[1]).flat_map(row).copied().collect()
}

fn part_of(land: &Land, range: [[usize; 2]; 2]) -> Land {
    let width = land.grid.columns();
    let [columns, rows] = range.map(|[first, end]| end - first);
    let grid = PlaneGrid::new(columns, rows, land.grid.spacing_m());
    let mut part =
        Land::new(grid, cut(&land.is_outlet, width, range), cut(&land.ground_m, width, range));
    part.sediment_m = cut(&land.sediment_m, width, range);
    part.ice.thickness_m = cut(&land.ice.thickness_m, width, range);
    part.ice.load_m = cut(&land.ice.load_m, width, range);
    part.years = land.years;
    debug_assert_eq!(part.grid.len(), part.ground_m.len());
    part
}
