//! How water leaves the basins that end in a pit.

use rustc_hash::FxHashMap;

use crate::grid::Grid;

/// The basin of everything that runs to an outlet.
const OPEN: u32 = 0;
const UNKNOWN: u32 = u32::MAX;

/// A pass between two basins: its height, and the two nodes that it lies between.
#[derive(Clone, Copy, Debug)]
struct Pass {
    height_m: f64,
    ends: [u32; 2],
}

impl Pass {
    /// Lowest first; of equally high ones that of the first nodes.
    fn sort_key(&self) -> (u64, [u32; 2]) {
        // The order of the numbers as bits.
        let bits = self.height_m.to_bits();
        let flipped = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
        (flipped, self.ends)
    }
}

/// Basins, and what finding the ways out of them needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Basins {
    /// Of each node.
    basin: Vec<u32>,
    /// The pit of each basin; that of [`OPEN`] has no meaning.
    pits: Vec<u32>,
    path: Vec<u32>,
}

impl Basins {
    /// Connects every basin that ends in a pit with an outlet: changes receivers, and raises the water to where it stands.
    pub fn connect(
        &mut self,
        grid: &impl Grid,
        ground_m: &[f64],
        is_outlet: &[bool],
        receivers: &mut [u32],
        distances_m: &mut [f64],
        water_m: &mut [f64],
    ) {
        self.label(ground_m, is_outlet, receivers);
        if self.pits.len() == 1 {
            return;
        }
        let mut passes = self.passes(grid, ground_m);
        passes.sort_unstable_by_key(Pass::sort_key);
        let tree = self.tree(&passes);
        let mut levels_m = vec![f64::NEG_INFINITY; self.pits.len()];
        // From the outlets up: basins that are reached, each with the pass over which it was.
        let mut reached = vec![OPEN];
        let mut next = 0;
        let mut is_reached = vec![false; self.pits.len()];
        is_reached[OPEN as usize] = true;
        while let Some(&basin) = reached.get(next) {
            next += 1;
            for &number in &tree[basin as usize] {
                let Pass { height_m, ends } = passes[number as usize];
                let [inner, outer] = match self.basin[ends[0] as usize] == basin {
                    true => [ends[1], ends[0]],
                    false => ends,
                };
                let above = self.basin[inner as usize];
                if !std::mem::replace(&mut is_reached[above as usize], true) {
                    levels_m[above as usize] = height_m.max(levels_m[basin as usize]);
                    self.turn(grid, inner, outer, receivers, distances_m);
                    reached.push(above);
                }
            }
        }
        for (water, &basin) in water_m.iter_mut().zip(&self.basin) {
            *water = water.max(levels_m[basin as usize]);
        }
    }

    /// Says of each node in which basin it lies.
    fn label(&mut self, ground_m: &[f64], is_outlet: &[bool], receivers: &[u32]) {
        self.basin.clear();
        self.basin.resize(receivers.len(), UNKNOWN);
        self.pits.clear();
        self.pits.push(UNKNOWN);
        let lowest = || {
            let heights = ground_m.iter().enumerate();
            heights.min_by(|one, other| one.1.total_cmp(other.1)).map(|(node, _)| node)
        };
        let only_outlet = if is_outlet.contains(&true) { None } else { lowest() };
        for start in 0..receivers.len() {
            self.path.clear();
            let mut node = start;
            while self.basin[node] == UNKNOWN && receivers[node] as usize != node {
                self.path.push(node as u32);
                node = receivers[node] as usize;
            }
            if self.basin[node] == UNKNOWN {
                let is_open = is_outlet[node] || only_outlet == Some(node);
                self.basin[node] = if is_open { OPEN } else { self.pits.len() as u32 };
                if !is_open {
                    self.pits.push(node as u32);
                }
            }
            let basin = self.basin[node];
            self.path.iter().for_each(|&node| self.basin[node as usize] = basin);
        }
    }

    /// The lowest pass between each two basins that lie beside each other, in no fixed order.
    fn passes(&self, grid: &impl Grid, ground_m: &[f64]) -> Vec<Pass> {
        let mut lowest: FxHashMap<(u32, u32), Pass> = FxHashMap::default();
        for (node, &basin) in self.basin.iter().enumerate() {
            grid.for_each_neighbour(node, |beside, _| {
                let other = self.basin[beside];
                if beside > node && other != basin {
                    let height_m = ground_m[node].max(ground_m[beside]);
                    let pass = Pass { height_m, ends: [node as u32, beside as u32] };
                    let known = lowest.entry((basin.min(other), basin.max(other))).or_insert(pass);
                    if pass.sort_key() < known.sort_key() {
                        *known = pass;
                    }
                }
            });
        }
        lowest.into_values().collect()
    }

    /// For each basin the numbers of those passes that water takes: the lowest ones that connect all basins (Kruskal 1956).
    fn tree(&self, passes: &[Pass]) -> Vec<Vec<u32>> {
        let mut tree = vec![Vec::new(); self.pits.len()];
        let mut groups: Vec<u32> = (0..self.pits.len() as u32).collect();
        for (number, pass) in passes.iter().enumerate() {
            let basins = pass.ends.map(|node| self.basin[node as usize]);
            let [one, other] = basins.map(|basin| group(&mut groups, basin));
            if one != other {
                // The group of the outlets keeps the lowest number.
                groups[one.max(other) as usize] = one.min(other);
                basins.iter().for_each(|&basin| tree[basin as usize].push(number as u32));
            }
        }
        tree
    }

    /// Lets a basin run out from its node `inner` to `outer`: what lies between its pit and `inner` runs the other way.
    fn turn(
        &mut self,
        grid: &impl Grid,
        inner: u32,
        outer: u32,
        receivers: &mut [u32],
        distances_m: &mut [f64],
    ) {
        let mut way_m = 0.0;
        grid.for_each_neighbour(inner as usize, |beside, distance| {
            if beside == outer as usize {
                way_m = distance;
            }
        });
        let (mut node, mut to) = (inner, outer);
        loop {
            let receiver = std::mem::replace(&mut receivers[node as usize], to);
            let distance = std::mem::replace(&mut distances_m[node as usize], way_m);
            if receiver == node {
                break;
            }
            (node, to, way_m) = (receiver, node, distance);
        }
    }
}

/// The lowest number of the group of a basin; makes the way there shorter.
fn group(groups: &mut [u32], mut basin: u32) -> u32 {
    while groups[basin as usize] != basin {
        let above = groups[basin as usize];
        groups[basin as usize] = groups[above as usize];
        basin = above;
    }
    basin
}
