//! The same pipes, node by node: the oracle of the fast ones, and their peer in the bench.

const GRAVITY: f64 = 9.81;
const FILM_M: f64 = 1e-6;

#[derive(Clone, Copy, Default)]
pub struct Cell {
    pub ground_m: f64,
    pub water_m: f64,
    /// To the next column and to the next row.
    pub flows: [f64; 2],
}

pub struct PlainPipes {
    pub columns: usize,
    pub rows: usize,
    pub spacing_m: f64,
    pub friction: f64,
    pub cells: Vec<Cell>,
}

impl PlainPipes {
    /// The cell of a column and a row, if there is one.
    fn at(&self, column: isize, row: isize) -> Option<&Cell> {
        let is_inside =
            (0..self.columns as isize).contains(&column) && (0..self.rows as isize).contains(&row);
        is_inside.then(|| &self.cells[row as usize * self.columns + column as usize])
    }

    fn flow(&self, column: isize, row: isize, axis: usize) -> f64 {
        self.at(column, row).map_or(0.0, |cell| cell.flows[axis])
    }

    pub fn step(&mut self, seconds: f64) {
        let share = seconds / self.spacing_m;
        let mut pushed = self.cells.clone();
        for row in 0..self.rows as isize {
            for column in 0..self.columns as isize {
                let here = self.cells[row as usize * self.columns + column as usize];
                for (axis, (x, z)) in [(1, 0), (0, 1)].into_iter().enumerate() {
                    let Some(there) = self.at(column + x, row + z) else { continue };
                    let beside =
                        self.flow(column - x, row - z, axis) + self.flow(column + x, row + z, axis);
                    let mut flow = 0.8 * here.flows[axis] + 0.1 * beside;
                    let (level, level_there) =
                        (here.ground_m + here.water_m, there.ground_m + there.water_m);
                    let depth = level.max(level_there) - here.ground_m.max(there.ground_m);
                    if depth > FILM_M {
                        flow += GRAVITY * share * depth * (level - level_there);
                        flow /= 1.0 + self.friction * seconds * flow.abs() / (8.0 * depth * depth);
                        let fastest = depth * (GRAVITY * depth).sqrt();
                        flow = flow.clamp(-fastest, fastest);
                    } else {
                        flow = 0.0;
                    }
                    pushed[row as usize * self.columns + column as usize].flows[axis] = flow;
                }
            }
        }
        self.cells = pushed;
        let part = |column: isize, row: isize| {
            let wanted = self.flow(column, row, 0).max(0.0)
                + self.flow(column, row, 1).max(0.0)
                + (-self.flow(column - 1, row, 0)).max(0.0)
                + (-self.flow(column, row - 1, 1)).max(0.0);
            let there = self.at(column, row).map_or(0.0, |cell| cell.water_m);
            if wanted * share > there { there / (wanted * share) } else { 1.0 }
        };
        let mut limited = self.cells.clone();
        for row in 0..self.rows as isize {
            for column in 0..self.columns as isize {
                let cell = &mut limited[row as usize * self.columns + column as usize];
                for (axis, (x, z)) in [(1, 0), (0, 1)].into_iter().enumerate() {
                    let from =
                        if cell.flows[axis] > 0.0 { (column, row) } else { (column + x, row + z) };
                    cell.flows[axis] *= part(from.0, from.1);
                }
            }
        }
        self.cells = limited;
        let mut moved = self.cells.clone();
        for row in 0..self.rows as isize {
            for column in 0..self.columns as isize {
                let gained = self.flow(column - 1, row, 0) - self.flow(column, row, 0)
                    + self.flow(column, row - 1, 1)
                    - self.flow(column, row, 1);
                let cell = &mut moved[row as usize * self.columns + column as usize];
                cell.water_m = (cell.water_m + gained * share).max(0.0);
            }
        }
        self.cells = moved;
    }
}
