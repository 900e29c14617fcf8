//! [`Flow`]: where water runs, over all of a height field, through lakes and out of them.
//!
//! | module | what it holds |
//! |---|---|
//! | `receivers` | where water goes from each node at first: to the steepest neighbour below |
//! | `basins` | how it leaves the basins that end in a pit, and how high it stands there |
//! | `order` | the nodes in an order in which each comes before the one it runs to |

mod basins;
mod order;
mod receivers;

use crate::grid::Grid;

/// Where water runs from each node of a height field.
///
/// Each node gives all of its water to one neighbour, its receiver: the steepest one below it (D8: O'Callaghan and Mark
/// 1984). A basin that ends in a pit gives its water over its lowest pass, and so on down to an outlet; on the way from
/// the pit to the pass the receivers are turned round (Cordonnier, Bovy and Braun 2019, doi 10.5194/esurf-7-549-2019). Time
/// and memory are those of a few passes over the nodes, and of sorting the passes between basins.
///
/// It may be routed again and again, and keeps its memory.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    receivers: Vec<u32>,
    distances_m: Vec<f64>,
    water_m: Vec<f64>,
    order: Vec<u32>,
    waiting: Vec<u8>,
    basins: basins::Basins,
}

impl Flow {
    /// Routes water over ground of these heights to the outlets. Where there is no outlet at all, the lowest node is one.
    ///
    /// # Panics
    /// If `ground_m` or `is_outlet` has not one number for each node.
    pub fn route(&mut self, grid: &impl Grid, ground_m: &[f64], is_outlet: &[bool]) {
        let nodes = grid.len();
        assert!(nodes < u32::MAX as usize, "nodes are numbered in 32 bits");
        assert_eq!((ground_m.len(), is_outlet.len()), (nodes, nodes), "a number for each node");
        self.receivers.resize(nodes, 0);
        self.distances_m.resize(nodes, 0.0);
        receivers::find(grid, ground_m, is_outlet, &mut self.receivers, &mut self.distances_m);
        self.water_m.clear();
        self.water_m.extend_from_slice(ground_m);
        self.basins.connect(
            grid,
            ground_m,
            is_outlet,
            &mut self.receivers,
            &mut self.distances_m,
            &mut self.water_m,
        );
        order::sort(&self.receivers, &mut self.waiting, &mut self.order);
    }

    /// How many nodes it has.
    pub fn len(&self) -> usize {
        self.receivers.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.receivers.is_empty()
    }

    /// The node to which each node gives its water; itself, where water leaves.
    pub fn receivers(&self) -> &[u32] {
        &self.receivers
    }

    /// How far each node's receiver is away, in metres; 0 where water leaves.
    pub fn distances_m(&self) -> &[f64] {
        &self.distances_m
    }

    /// How high water can stand at each node: the ground, or the surface of a lake that is full to its outlet.
    pub fn water_m(&self) -> &[f64] {
        &self.water_m
    }

    /// All nodes, each before its receiver.
    pub fn downstream(&self) -> &[u32] {
        &self.order
    }

    /// Adds what each node has to what its receiver has, all the way down: of areas it makes drainage areas.
    ///
    /// # Panics
    /// If `amounts` has not one number for each node.
    pub fn accumulate(&self, amounts: &mut [f64]) {
        assert_eq!(amounts.len(), self.len(), "a number for each node");
        for &node in &self.order {
            let receiver = self.receivers[node as usize];
            if receiver != node {
                amounts[receiver as usize] += amounts[node as usize];
            }
        }
    }

    /// The ground that drains through each node, with its own, in m².
    pub fn drainage_areas_m2(&self, grid: &impl Grid) -> Vec<f64> {
        let mut areas: Vec<f64> = (0..self.len()).map(|node| grid.area_m2(node)).collect();
        self.accumulate(&mut areas);
        areas
    }
}

#[cfg(test)]
mod tests;
