//! [`Drift`]: plates in motion.

use std::collections::VecDeque;

use bluemarble_core::parallel;
use glam::DVec3;

use super::{
    crust::{Crust, CrustKind},
    moving::Moving,
    plates::Plate,
};
use crate::grid::{GlobeGrid, Grid};

const NONE: u32 = u32::MAX;

/// Of oceanic crust that goes under, this share comes up again as magma.
const MAGMA_SHARE: f64 = 0.1;
/// So far from where crust goes under its magma comes up, in metres.
const ARC_DISTANCE_M: f64 = 200_000.0;
/// Plates that are less of the planet than this move with others, and so do those that turn faster than this.
const SMALL_SHARE: f64 = 0.004;
const MAX_DEGREES_PER_MYR: f64 = 2.5;
/// So many nodes are asked for crust on which something can pile up.
const PILE_NODES: usize = 80;
/// Slower than this, in metres a year, plates pass each other and do not part.
const PARTING_M_PER_YEAR: f64 = 0.002;

/// The plates of a planet, in motion.
///
/// Each plate has its crust on a grid of its own, which turns with it: crust that drifts stays exactly what it is, and as
/// much. After each step the planet's nodes ask which plates have come to them. Where none has, crust is made; where two
/// have, the lighter one stays on top: oceanic crust goes under and a part of it comes up as magma behind the trench,
/// continents pile up, and lose nothing.
#[derive(Clone, Debug)]
pub struct Drift {
    grid: GlobeGrid,
    directions: Vec<DVec3>,
    plates: Vec<Moving>,
    myr: f64,
    /// The plate on top at each node.
    on_top: Vec<u8>,
}

/// What a step has done.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DriftStep {
    /// Oceanic crust that was made, in m².
    pub made_m2: f64,
    /// Oceanic crust that went under, in m².
    pub sunk_m2: f64,
    /// Continental crust that was piled up, in m³.
    pub piled_m3: f64,
    /// Magma that came up, in m³.
    pub magma_m3: f64,
}

/// What there is at each node of the planet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DriftMap {
    /// The number of the plate.
    pub plate: Vec<u8>,
    /// Elevation above sea level, in metres.
    pub elevation_m: Vec<f64>,
    /// How old the crust is, in million years.
    pub age_myr: Vec<f64>,
    /// How thick it is, in metres.
    pub thickness_m: Vec<f64>,
    /// Whether it is continental.
    pub is_continental: Vec<bool>,
}

impl Drift {
    /// Plates as they are now: which of them lies at each place, and how high the ground is there, in metres. Small plates, and
    /// those that spin within a few million years, move with a larger one beside them.
    ///
    /// # Panics
    /// If there are more than 255 plates, or `plate_at` names one that is not there.
    pub fn new(
        grid: GlobeGrid,
        plates: &[Plate],
        plate_at: impl Fn(DVec3) -> usize,
        elevation_m: impl Fn(DVec3) -> f64,
    ) -> Self {
        assert!(plates.len() < 256, "plates are numbered in 8 bits");
        let directions: Vec<_> = (0..grid.len()).map(|node| grid.direction(node)).collect();
        let mut on_top: Vec<u8> = directions.iter().map(|&at| plate_at(at) as u8).collect();
        let plates = join_small(&grid, plates, &mut on_top);
        let mut plates: Vec<_> =
            plates.iter().map(|plate| Moving::new(plate, grid.len())).collect();
        for (node, &direction) in directions.iter().enumerate() {
            let crust = Crust::of_elevation(elevation_m(direction), 0.0);
            plates[usize::from(on_top[node])].crust[node] = Some(crust);
        }
        plates.iter_mut().for_each(|plate| plate.measure(&grid, &directions));
        Self { grid, directions, plates, myr: 0.0, on_top }
    }

    /// The planet's grid.
    pub fn grid(&self) -> &GlobeGrid {
        &self.grid
    }

    /// The plates, at the numbers that maps have.
    pub fn plates(&self) -> impl Iterator<Item = &Plate> {
        self.plates.iter().map(|plate| &plate.plate)
    }

    /// How many million years have gone by.
    pub fn myr(&self) -> f64 {
        self.myr
    }

    /// How much continental crust there is, in m³: always as much, but for magma.
    pub fn continental_m3(&self) -> f64 {
        let of = |plate: &Moving| -> f64 {
            let crust =
                plate.crust.iter().enumerate().filter_map(|(node, crust)| Some((node, (*crust)?)));
            crust
                .filter(|(_, crust)| crust.kind == CrustKind::Continental)
                .map(|(node, crust)| crust.thickness_m * self.grid.area_m2(node))
                .sum()
        };
        self.plates.iter().map(of).sum()
    }

    /// Lets plates drift for some million years: one or two a step, so that no plate moves by much more than a few nodes.
    pub fn step(&mut self, myr: f64) -> DriftStep {
        self.myr += myr;
        for plate in &mut self.plates {
            plate.turned = (plate.plate.motion.rotation(myr) * plate.turned).normalize();
        }
        let mut step = DriftStep::default();
        let (mut on_top, is_crowded) = self.look();
        self.fill_gaps(&mut on_top, &mut step);
        self.on_top = on_top;
        self.clear_overlaps(&is_crowded, &mut step);
        for plate in &mut self.plates {
            plate.flow_out(&self.grid, &self.directions);
            plate.measure(&self.grid, &self.directions);
        }
        step
    }

    /// The plate on top at each node, 255 where there is none; and whether there are several.
    fn look(&self) -> (Vec<u8>, Vec<bool>) {
        let nodes: Vec<usize> = (0..self.grid.len()).collect();
        let bands: Vec<&[usize]> = nodes.chunks(4096).collect();
        let look = |node: usize| {
            // The plate on top with its own node and crust.
            let mut best: Option<(usize, usize, Crust)> = None;
            let mut count = 0;
            for (number, plate) in self.plates.iter().enumerate() {
                let found = plate.crust_towards(&self.grid, self.directions[node]);
                if let Some((own, crust)) = found {
                    count += 1;
                    if best.is_none_or(|other| self.is_above((number, own, crust), other)) {
                        best = Some((number, own, crust));
                    }
                }
            }
            (best.map_or(u8::MAX, |(number, ..)| number as u8), count > 1)
        };
        let found = parallel::map_with(
            parallel::cores(),
            &bands,
            || (),
            |(), band| band.iter().map(|&node| look(node)).collect::<Vec<_>>(),
        );
        found.into_iter().flatten().unzip()
    }

    /// Whether crust of one plate stays above that of another: continents above the sea's floor, young crust above old,
    /// and of two continents the larger one.
    fn is_above(
        &self,
        (one, own, crust): (usize, usize, Crust),
        (other, below, crust_below): (usize, usize, Crust),
    ) -> bool {
        use CrustKind::{Continental, Oceanic};
        let (born, born_below) = (crust.born_myr, crust_below.born_myr);
        match (crust.kind, crust_below.kind) {
            (Continental, Oceanic) => true,
            (Oceanic, Continental) => false,
            (Oceanic, Oceanic) => born > born_below,
            (Continental, Continental) => {
                self.plates[one].continents_m2[own] > self.plates[other].continents_m2[below]
            }
        }
    }

    /// Makes crust where no plate is: it belongs to the nearest one, so that plates grow alike on both sides of a ridge. Where
    /// the plates around do not part, what lies beside it was stretched.
    fn fill_gaps(&mut self, on_top: &mut [u8], step: &mut DriftStep) {
        // From all nodes beside gaps inwards, each with the node that it came from.
        let mut next: VecDeque<(usize, usize)> = VecDeque::new();
        let mut from = vec![NONE; on_top.len()];
        let gaps: Vec<usize> = (0..on_top.len()).filter(|&node| on_top[node] == u8::MAX).collect();
        for &node in &gaps {
            self.grid.for_each_neighbour(node, |beside, _| {
                if on_top[beside] != u8::MAX && from[node] == NONE {
                    from[node] = beside as u32;
                    next.push_back((node, beside));
                }
            });
        }
        let mut filled = Vec::with_capacity(gaps.len());
        while let Some((node, source)) = next.pop_front() {
            filled.push((node, source));
            self.grid.for_each_neighbour(node, |beside, _| {
                if on_top[beside] == u8::MAX && from[beside] == NONE {
                    from[beside] = source as u32;
                    next.push_back((beside, source));
                }
            });
        }
        let is_parting: Vec<bool> =
            filled.iter().map(|&(node, source)| self.is_parting(on_top, node, source)).collect();
        for ((node, source), is_parting) in filled.into_iter().zip(is_parting) {
            let number = on_top[source];
            let plate = &mut self.plates[usize::from(number)];
            let crust = match (is_parting, plate.crust_towards(&self.grid, self.directions[source]))
            {
                // Of a continent that is stretched thin crust comes, which is made of nothing: it is the sea's floor.
                (false, Some((_, crust))) if crust.kind == CrustKind::Oceanic => crust,
                _ => Crust::new_at_ridge(self.myr),
            };
            let own = self.grid.node_towards(plate.turned.inverse() * self.directions[node]);
            plate.crust[own].get_or_insert(crust);
            on_top[node] = number;
            step.made_m2 += self.grid.area_m2(node);
        }
    }

    /// Whether the plates on the two sides of a gap move apart.
    fn is_parting(&self, on_top: &[u8], node: usize, source: usize) -> bool {
        let number = on_top[source];
        let mut is_parting = false;
        let mut look = |beside: usize| {
            let other = on_top[beside];
            if other == u8::MAX || other == number {
                return;
            }
            let motion = |number: u8| self.plates[usize::from(number)].plate.motion;
            let place_m = self.directions[node] * self.grid.radius_m();
            let velocity = motion(other).relative_to(motion(number)).velocity_m_per_year(place_m);
            let away = (self.directions[beside] - self.directions[source]).normalize_or_zero();
            is_parting |= velocity.dot(away) > PARTING_M_PER_YEAR;
        };
        self.grid.for_each_neighbour(node, |beside, _| {
            look(beside);
            self.grid.for_each_neighbour(beside, |further, _| look(further));
        });
        // In the middle of a wide gap nobody is near.
        is_parting || !self.is_beside(on_top, node)
    }

    fn is_beside(&self, on_top: &[u8], node: usize) -> bool {
        let mut is_beside = false;
        self.grid.for_each_neighbour(node, |beside, _| is_beside |= on_top[beside] != u8::MAX);
        is_beside
    }

    /// Takes away crust whose place another plate has taken.
    fn clear_overlaps(&mut self, is_crowded: &[bool], step: &mut DriftStep) {
        for number in 0..self.plates.len() {
            let turned = self.plates[number].turned;
            for own in 0..self.grid.len() {
                let Some(crust) = self.plates[number].crust[own] else { continue };
                let node = self.grid.node_towards(turned * self.directions[own]);
                if usize::from(self.on_top[node]) == number || !is_crowded[node] {
                    continue;
                }
                let volume_m3 = crust.thickness_m * self.grid.area_m2(own);
                match crust.kind {
                    // What finds no continent to pile up on stays where it is for now.
                    CrustKind::Continental if !self.pile(node, volume_m3, true) => continue,
                    CrustKind::Continental => step.piled_m3 += volume_m3,
                    CrustKind::Oceanic => {
                        let magma_m3 = MAGMA_SHARE * volume_m3;
                        if self.pile(self.behind(node, number), magma_m3, false) {
                            step.magma_m3 += magma_m3;
                        }
                        step.sunk_m2 += self.grid.area_m2(own);
                    }
                }
                self.plates[number].crust[own] = None;
            }
        }
    }

    /// A node on the plate above, behind the trench at another one: as far as crust must sink until it melts.
    fn behind(&self, node: usize, sinking: usize) -> usize {
        let motion = |number: usize| self.plates[number].plate.motion;
        let above = usize::from(self.on_top[node]);
        let place_m = self.directions[node] * self.grid.radius_m();
        let under = motion(sinking).relative_to(motion(above)).velocity_m_per_year(place_m);
        let moved = place_m + under.normalize_or_zero() * ARC_DISTANCE_M;
        let arc = self.grid.node_towards(moved.normalize());
        if usize::from(self.on_top[arc]) == above { arc } else { node }
    }

    /// Thickens the crust of the plate on top at a node, there or as near as there is any, or any of a continent. False if that
    /// is too far.
    fn pile(&mut self, node: usize, volume_m3: f64, on_continent: bool) -> bool {
        let plate = &mut self.plates[usize::from(self.on_top[node])];
        let mut rings = vec![node];
        let mut next = 0;
        while let Some(&node) = rings.get(next) {
            next += 1;
            if let Some((own, found)) = plate.crust_towards(&self.grid, self.directions[node])
                && (!on_continent || found.kind == CrustKind::Continental)
                && let Some(crust) = &mut plate.crust[own]
            {
                crust.thickness_m += volume_m3 / self.grid.area_m2(own);
                return true;
            }
            if rings.len() < PILE_NODES {
                self.grid.for_each_neighbour(node, |beside, _| {
                    if !rings.contains(&beside) {
                        rings.push(beside);
                    }
                });
            }
        }
        false
    }

    /// What there is at each node now.
    pub fn map(&self) -> DriftMap {
        let mut map = DriftMap::default();
        for (node, &number) in self.on_top.iter().enumerate() {
            let plate = &self.plates[usize::from(number)];
            let found = plate.crust_towards(&self.grid, self.directions[node]);
            let crust = found.map_or_else(|| Crust::new_at_ridge(self.myr), |(_, crust)| crust);
            map.plate.push(number);
            map.elevation_m.push(crust.elevation_m(self.myr));
            map.age_myr.push(self.myr - crust.born_myr);
            map.thickness_m.push(crust.thickness_m);
            map.is_continental.push(crust.kind == CrustKind::Continental);
        }
        map
    }
}

/// Joins plates that are too small or too fast to go on for long, each to the plate with which it has the longest border; gives
/// those that are left, by which nodes are numbered anew.
fn join_small(grid: &GlobeGrid, plates: &[Plate], on_top: &mut [u8]) -> Vec<Plate> {
    let all_m2: f64 = (0..grid.len()).map(|node| grid.area_m2(node)).sum();
    loop {
        let mut areas_m2 = vec![0.0; plates.len()];
        for (node, &plate) in on_top.iter().enumerate() {
            areas_m2[usize::from(plate)] += grid.area_m2(node);
        }
        let is_small = |&number: &usize| {
            let speed = plates[number].motion.radians_per_myr.length().to_degrees();
            areas_m2[number] > 0.0
                && (areas_m2[number] < SMALL_SHARE * all_m2 || speed > MAX_DEGREES_PER_MYR)
        };
        let small = (0..plates.len()).filter(is_small);
        let Some(smallest) = small.min_by(|&one, &other| areas_m2[one].total_cmp(&areas_m2[other]))
        else {
            let left: Vec<usize> =
                (0..plates.len()).filter(|&number| areas_m2[number] > 0.0).collect();
            let number = |plate: u8| left.iter().position(|&left| left == usize::from(plate));
            on_top.iter_mut().for_each(|plate| *plate = number(*plate).unwrap_or(0) as u8);
            return left.into_iter().map(|number| plates[number].clone()).collect();
        };
        let mut borders = vec![0usize; plates.len()];
        for (node, _) in
            on_top.iter().enumerate().filter(|(_, plate)| usize::from(**plate) == smallest)
        {
            grid.for_each_neighbour(node, |beside, _| borders[usize::from(on_top[beside])] += 1);
        }
        borders[smallest] = 0;
        let Some(into) = (0..plates.len())
            .filter(|&at| borders[at] > 0)
            .max_by_key(|&at| (borders[at], plates.len() - at))
        else {
            return plates.to_vec();
        };
        on_top
            .iter_mut()
            .filter(|plate| usize::from(**plate) == smallest)
            .for_each(|plate| *plate = into as u8);
    }
}
