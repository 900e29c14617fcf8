//! Where the nodes of a height field lie, and which of them lie beside each other.
//!
//! | module | what it holds |
//! |---|---|
//! | `plane` | [`PlaneGrid`]: a rectangle |
//! | `globe` | [`GlobeGrid`]: a whole planet |

mod globe;
mod plane;

pub use globe::GlobeGrid;
pub use plane::{Edges, PlaneGrid};

/// From a node to its neighbours, in columns and rows.
const STEPS: [(i32, i32); 8] =
    [(0, -1), (-1, 0), (1, 0), (0, 1), (-1, -1), (1, -1), (-1, 1), (1, 1)];

/// The nodes of a height field. A field is a slice with a number for each node, in their order.
pub trait Grid: Sync {
    /// How many nodes there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The ground for which a node stands, in m².
    fn area_m2(&self, node: usize) -> f64;

    /// Tells the neighbours of a node, eight at most, and how far each is away in metres; always in the same order. Nodes are
    /// each other's neighbours, at the same distance.
    fn for_each_neighbour(&self, node: usize, visit: impl FnMut(usize, f64));
}

/// What a field adds up to, each node counted with its area: cubic metres, if the field is in metres.
pub fn volume_m3(grid: &impl Grid, field: &[f64]) -> f64 {
    field.iter().enumerate().map(|(node, value)| value * grid.area_m2(node)).sum()
}
