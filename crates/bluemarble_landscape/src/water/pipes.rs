//! [`Pipes`]: water between neighbours. Each loop goes over whole rows, so that the compiler takes several nodes at once.

use crate::grid::{Grid, PlaneGrid};

pub(super) const GRAVITY: f64 = 9.81;
/// The part of a flow that is its own; the rest comes from the two faces beside it, from one of which water comes. Without that,
/// waves as short as the spacing grow (De Almeida and others 2012, doi 10.1029/2011WR011570).
const OWN_PART: f64 = 0.8;
/// Water that is less deep does not flow, in metres.
pub(super) const FILM_M: f64 = 1e-6;

/// What flows between nodes, in m² a second: positive to the next column, or to the next row. Nothing flows out of the last ones.
#[derive(Clone, Debug)]
pub(super) struct Pipes {
    across_columns: Vec<f64>,
    across_rows: Vec<f64>,
    /// What is being found.
    next: Vec<f64>,
    surface_m: Vec<f64>,
    /// Of each node: a part of what it gives.
    part: Vec<f64>,
    /// A row with nothing before it.
    padded: Vec<f64>,
    none: Vec<f64>,
}

/// What is the same for all faces in a step.
#[derive(Clone, Copy)]
struct Push {
    pull: f64,
    brake: f64,
}

/// The nodes on the two sides of some faces.
#[derive(Clone, Copy)]
struct Sides<'a> {
    surface_m: [&'a [f64]; 2],
    ground_m: [&'a [f64]; 2],
}

impl Push {
    /// What flows over faces: `flows` are those before, of the faces before each, of itself and of those behind it.
    fn push(self, flows: [&[f64]; 3], sides: Sides, out: &mut [f64]) {
        let count = out.len();
        let [before, own, behind] = flows.map(|flows| &flows[..count]);
        let [here, there] = sides.surface_m.map(|surface| &surface[..count]);
        let [ground_here, ground_there] = sides.ground_m.map(|ground| &ground[..count]);
        for at in 0..count {
            let flow = OWN_PART * own[at] + (1.0 - OWN_PART) / 2.0 * (before[at] + behind[at]);
            let water = here[at].max(there[at]) - ground_here[at].max(ground_there[at]);
            let depth = water.max(FILM_M);
            let flow = flow + self.pull * depth * (here[at] - there[at]);
            let flow = flow / (1.0 + self.brake * flow.abs() / (depth * depth));
            // No faster than waves in it: pipes know nothing of what such water does.
            let fastest = depth * (GRAVITY * depth).sqrt();
            let flow = flow.min(fastest).max(-fastest);
            out[at] = if water > FILM_M { flow } else { 0.0 };
        }
    }
}

impl Pipes {
    pub fn new(grid: &PlaneGrid) -> Self {
        let zeros = || vec![0.0; grid.len()];
        Self {
            across_columns: zeros(),
            across_rows: zeros(),
            next: zeros(),
            surface_m: zeros(),
            part: zeros(),
            padded: vec![0.0; grid.columns() + 1],
            none: vec![0.0; grid.columns()],
        }
    }

    /// Water pushes on where its surface slopes.
    pub fn push(
        &mut self,
        grid: &PlaneGrid,
        friction: f64,
        step: f64,
        ground_m: &[f64],
        water_m: &[f64],
    ) {
        for ((surface, ground), water) in self.surface_m.iter_mut().zip(ground_m).zip(water_m) {
            *surface = ground + water;
        }
        let (columns, rows) = (grid.columns(), grid.rows());
        let push = Push { pull: GRAVITY * step / grid.spacing_m(), brake: friction * step / 8.0 };
        let (surface, faces) = (&self.surface_m, columns - 1);
        for row in 0..rows {
            let nodes = row * columns..(row + 1) * columns;
            let (surface, ground) = (&surface[nodes.clone()], &ground_m[nodes.clone()]);
            let flows = &mut self.across_columns[nodes];
            self.padded[1..].copy_from_slice(flows);
            let before = [&self.padded[..faces], &self.padded[1..columns], &self.padded[2..]];
            let sides = Sides {
                surface_m: [&surface[..faces], &surface[1..]],
                ground_m: [&ground[..faces], &ground[1..]],
            };
            push.push(before, sides, &mut flows[..faces]);
        }
        for row in 0..rows - 1 {
            let line = |values: &'_ [f64], row: usize| {
                row * columns..((row + 1) * columns).min(values.len())
            };
            let at = |row: usize| &self.across_rows[line(&self.across_rows, row)];
            let before = if row > 0 { at(row - 1) } else { &self.none };
            let sides = Sides {
                surface_m: [&surface[line(surface, row)], &surface[line(surface, row + 1)]],
                ground_m: [&ground_m[line(ground_m, row)], &ground_m[line(ground_m, row + 1)]],
            };
            let out = row * columns..(row + 1) * columns;
            push.push([before, at(row), at(row + 1)], sides, &mut self.next[out]);
        }
        std::mem::swap(&mut self.across_rows, &mut self.next);
        self.across_rows[(rows - 1) * columns..].fill(0.0);
    }

    /// What flows into a row's nodes over their four faces: from the column before, to the next one, from the row before, to
    /// the next one.
    fn around<'a>(&'a self, columns: usize, row: usize, padded: &'a mut [f64]) -> [&'a [f64]; 4] {
        let nodes = row * columns..(row + 1) * columns;
        let across = &self.across_columns[nodes.clone()];
        padded[1..].copy_from_slice(across);
        let above = match row.checked_sub(1) {
            Some(above) => &self.across_rows[above * columns..nodes.start],
            None => &self.none,
        };
        [&padded[..columns], across, above, &self.across_rows[nodes]]
    }

    /// No node gives more than it has.
    pub fn limit(&mut self, grid: &PlaneGrid, step: f64, water_m: &[f64]) {
        let columns = grid.columns();
        let share = step / grid.spacing_m();
        let (mut part, mut padded) =
            (std::mem::take(&mut self.part), std::mem::take(&mut self.padded));
        for row in 0..grid.rows() {
            let nodes = row * columns..(row + 1) * columns;
            let [left, right, above, below] = self.around(columns, row, &mut padded);
            let (part, water) = (&mut part[nodes.clone()], &water_m[nodes]);
            for at in 0..columns {
                let wanted = ((-left[at]).max(0.0)
                    + right[at].max(0.0)
                    + (-above[at]).max(0.0)
                    + below[at].max(0.0))
                    * share;
                // Where nothing is wanted it is a part of nothing.
                part[at] = (water[at] / wanted.max(f64::MIN_POSITIVE)).min(1.0);
            }
        }
        let limited = |flows: &mut [f64], here: &[f64], there: &[f64]| {
            for ((flow, here), there) in flows.iter_mut().zip(here).zip(there) {
                *flow *= if *flow > 0.0 { *here } else { *there };
            }
        };
        for (flows, part) in
            self.across_columns.chunks_exact_mut(columns).zip(part.chunks_exact(columns))
        {
            limited(&mut flows[..columns - 1], part, &part[1..]);
        }
        let last = grid.len() - columns;
        limited(&mut self.across_rows[..last], &part, &part[columns..]);
        (self.part, self.padded) = (part, padded);
    }

    /// Moves water.
    pub fn run(&mut self, grid: &PlaneGrid, step: f64, water_m: &mut [f64]) {
        let columns = grid.columns();
        let share = step / grid.spacing_m();
        let mut padded = std::mem::take(&mut self.padded);
        for (row, water) in water_m.chunks_exact_mut(columns).enumerate() {
            let [left, right, above, below] = self.around(columns, row, &mut padded);
            for at in 0..columns {
                let gained = (left[at] - right[at]) + (above[at] - below[at]);
                // Of what is all given away rounding may leave a little less than nothing.
                water[at] = (water[at] + gained * share).max(0.0);
            }
        }
        self.padded = padded;
    }

    /// Moves what water carries, before the water itself is moved.
    pub fn carry(&mut self, grid: &PlaneGrid, step: f64, water_m: &[f64], load_m: &mut [f64]) {
        let columns = grid.columns();
        let share = step / grid.spacing_m();
        for ((part, load), water) in self.part.iter_mut().zip(&*load_m).zip(water_m) {
            *part = if *water > 0.0 { load / water } else { 0.0 };
        }
        // What goes over each face, as water does.
        let carried =
            |flow: f64, here: f64, there: f64| flow * share * if flow > 0.0 { here } else { there };
        for (row, load) in load_m.chunks_exact_mut(columns).enumerate() {
            let nodes = row * columns..(row + 1) * columns;
            let (part, flows) = (&self.part[nodes.clone()], &self.across_columns[nodes]);
            for at in 0..columns - 1 {
                let moved = carried(flows[at], part[at], part[at + 1]);
                load[at] -= moved;
                load[at + 1] += moved;
            }
        }
        for node in 0..grid.len() - columns {
            let moved = carried(self.across_rows[node], self.part[node], self.part[node + columns]);
            load_m[node] -= moved;
            load_m[node + columns] += moved;
        }
        load_m.iter_mut().for_each(|load| *load = load.max(0.0));
    }

    /// What runs out of a node to both columns beside it, and to both rows, in m² a second.
    #[inline]
    pub fn outflow(&self, columns: usize, node: usize) -> [f64; 2] {
        let before = |flows: &[f64], step: usize| {
            node.checked_sub(step).map_or(0.0, |before| (-flows[before]).max(0.0))
        };
        // The last column gives nothing to the next one, so that the next row's first gets nothing.
        [
            before(&self.across_columns, 1) + self.across_columns[node].max(0.0),
            before(&self.across_rows, columns) + self.across_rows[node].max(0.0),
        ]
    }
}
