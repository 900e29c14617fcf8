//! [`Moving`]: a plate, and its crust on a grid that turns with it.

use std::{cmp::Reverse, collections::BinaryHeap};

use glam::{DQuat, DVec3};

use super::{
    crust::{Crust, CrustKind},
    plates::Plate,
};
use crate::grid::{GlobeGrid, Grid};

/// Continents that pile up are no thicker than this, in metres; what is more flows out to the sides, as below Tibet.
pub(super) const THICKEST_M: f64 = 62_500.0;

/// A plate, and its crust by the nodes of its own grid.
#[derive(Clone, Debug)]
pub(super) struct Moving {
    pub plate: Plate,
    pub turned: DQuat,
    pub crust: Vec<Option<Crust>>,
    /// All of it lies within this angle of this direction of its own grid.
    middle: DVec3,
    cosine: f64,
    /// Of nodes of continents: how large the continent is.
    pub continents_m2: Vec<f64>,
}

impl Moving {
    pub fn new(plate: &Plate, nodes: usize) -> Self {
        Self {
            plate: plate.clone(),
            turned: DQuat::IDENTITY,
            crust: vec![None; nodes],
            middle: DVec3::Y,
            cosine: -1.0,
            continents_m2: vec![0.0; nodes],
        }
    }

    /// The crust that lies in a direction now, and its own node.
    pub fn crust_towards(&self, grid: &GlobeGrid, direction: DVec3) -> Option<(usize, Crust)> {
        let own = self.turned.inverse() * direction;
        if own.dot(self.middle) < self.cosine {
            return None;
        }
        let node = grid.node_towards(own);
        Some((node, self.crust[node]?))
    }

    /// Finds where it lies on its own grid, and how large its continents are.
    pub fn measure(&mut self, grid: &GlobeGrid, directions: &[DVec3]) {
        let own = || (0..self.crust.len()).filter(|&node| self.crust[node].is_some());
        self.middle = own().map(|node| directions[node]).sum::<DVec3>().normalize_or(DVec3::Y);
        let widest = own().map(|node| directions[node].dot(self.middle)).fold(1.0, f64::min);
        // A node has some width.
        let width = 4.0 / grid.edge() as f64;
        self.cosine = (widest.clamp(-1.0, 1.0).acos() + width).min(std::f64::consts::PI).cos();
        let is_land = |node: usize| {
            self.crust[node].is_some_and(|crust| crust.kind == CrustKind::Continental)
        };
        self.continents_m2.fill(0.0);
        let mut continent = Vec::new();
        for start in 0..self.crust.len() {
            if !is_land(start) || self.continents_m2[start] != 0.0 {
                continue;
            }
            continent.clear();
            continent.push(start);
            self.continents_m2[start] = -1.0;
            let (mut next, mut area_m2) = (0, 0.0);
            while let Some(&node) = continent.get(next) {
                next += 1;
                area_m2 += grid.area_m2(node);
                grid.for_each_neighbour(node, |beside, _| {
                    if is_land(beside) && self.continents_m2[beside] == 0.0 {
                        self.continents_m2[beside] = -1.0;
                        continent.push(beside);
                    }
                });
            }
            continent.iter().for_each(|&node| self.continents_m2[node] = area_m2);
        }
    }

    /// Lets crust that is too thick flow out, below the plate, to the nearest crust of the same continent that has room, or
    /// of the same piece of the sea's floor. What finds no room stays.
    pub fn flow_out(&mut self, grid: &GlobeGrid, directions: &[DVec3]) {
        let is_thick = |crust: &Crust| crust.thickness_m > thickest_m(crust);
        let thick: Vec<usize> = (0..self.crust.len())
            .filter(|&node| self.crust[node].as_ref().is_some_and(is_thick))
            .collect();
        // From which node each was reached last, nearest first.
        let mut reached_from = vec![usize::MAX; self.crust.len()];
        let mut next: BinaryHeap<(Reverse<u64>, Reverse<usize>)> = BinaryHeap::new();
        for source in thick {
            let Some(crust) = &mut self.crust[source] else { continue };
            let kind = crust.kind;
            let mut left_m3 = (crust.thickness_m - thickest_m(crust)) * grid.area_m2(source);
            crust.thickness_m = thickest_m(crust);
            next.clear();
            next.push((Reverse(0), Reverse(source)));
            reached_from[source] = source;
            while let Some((_, Reverse(node))) = next.pop() {
                let Some(crust) = &mut self.crust[node] else { continue };
                let room_m = (thickest_m(crust) - crust.thickness_m).max(0.0);
                let moved_m = room_m.min(left_m3 / grid.area_m2(node));
                crust.thickness_m += moved_m;
                left_m3 -= moved_m * grid.area_m2(node);
                if moved_m < room_m {
                    left_m3 = 0.0;
                    break;
                }
                grid.for_each_neighbour(node, |beside, _| {
                    let is_alike = self.crust[beside].is_some_and(|crust| crust.kind == kind);
                    if is_alike && std::mem::replace(&mut reached_from[beside], source) != source {
                        // The bits of numbers that are not negative are in their order.
                        let distance = directions[beside].distance_squared(directions[source]);
                        next.push((Reverse(distance.to_bits()), Reverse(beside)));
                    }
                });
            }
            if let Some(crust) = &mut self.crust[source] {
                crust.thickness_m += left_m3 / grid.area_m2(source);
            }
        }
    }
}

fn thickest_m(crust: &Crust) -> f64 {
    match crust.kind {
        CrustKind::Continental => THICKEST_M,
        CrustKind::Oceanic => THICKEST_M / 2.0,
    }
}
