//! Volcanoes: lava that flows from a vent and becomes rock, and ash that falls around it.

use serde::{Deserialize, Serialize};

use crate::{
    grid::{Grid, PlaneGrid},
    spreading::Spreading,
};

/// Lava that flows and becomes rock as it cools.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lava {
    /// How it flows; time is in seconds.
    pub flow: Spreading,
    /// So much of it becomes rock in a second where it lies, in metres: what it loses of heat, by what a m³ of it has to lose.
    pub solid_m_per_s: f64,
}

impl Default for Lava {
    /// Basalt: it loses 10 kW/m², and has 1.7 GJ/m³ to lose until it stands.
    fn default() -> Self {
        Self { flow: Spreading::viscous(1e5, 2600.0), solid_m_per_s: 6e-6 }
    }
}

/// What an eruption has done, in m³.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EruptionStep {
    /// Lava that came up.
    pub erupted_m3: f64,
    /// Lava that became rock.
    pub solid_m3: f64,
    /// Lava that has left through outlets.
    pub exported_m3: f64,
}

impl Lava {
    /// Lets lava come up at a vent, at `rate_m3_per_s`, flow and become rock for some seconds; the shorter the steps, the
    /// narrower what flows away from the vent. `lava_m` is how thick lava lies. Lava and rock together are what has come up, less
    /// what has left.
    ///
    /// # Panics
    /// If a slice has not one number for each node.
    pub fn erupt(
        &self,
        grid: &PlaneGrid,
        is_outlet: &[bool],
        (vent, rate_m3_per_s): (usize, f64),
        seconds: f64,
        lava_m: &mut [f64],
        ground_m: &mut [f64],
    ) -> EruptionStep {
        assert_eq!([lava_m.len(), ground_m.len()], [grid.len(); 2], "a number for each node");
        let mut step = EruptionStep { erupted_m3: rate_m3_per_s * seconds, ..Default::default() };
        lava_m[vent] += step.erupted_m3 / grid.area_m2(vent);
        step.exported_m3 = self.flow.flow(grid, ground_m, is_outlet, seconds, lava_m).exported_m3;
        for (node, (lava, ground)) in lava_m.iter_mut().zip(ground_m).enumerate() {
            let solid_m = lava.min(self.solid_m_per_s * seconds);
            *lava -= solid_m;
            *ground += solid_m;
            step.solid_m3 += solid_m * grid.area_m2(node);
        }
        step
    }
}

/// Ash that falls around a vent, and further away where the wind carries it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AshFall {
    /// All ash, in m³.
    pub volume_m3: f64,
    /// At this distance it is thinner by a factor of e, in metres; downwind further.
    pub reach_m: f64,
    /// Where the wind blows to: columns and rows, as long as it carries ash further, as a part of the reach; less than 1.
    pub wind: [f64; 2],
}

impl AshFall {
    /// How thick it lies at an offset from the vent, in metres (thickness falls exponentially with the root of the area
    /// within: Pyle 1989, doi 10.1007/BF01086757).
    pub fn thickness_m(&self, offset_m: [f64; 2]) -> f64 {
        let [x, z] = offset_m;
        let distance = x.hypot(z);
        let [wind_x, wind_z] = self.wind;
        let carried = wind_x.hypot(wind_z).min(0.95);
        let cosine = if distance > 0.0 { (x * wind_x + z * wind_z) / distance } else { 0.0 };
        // Lines of the same thickness are ellipses with the vent in a focus.
        let along = if carried > 0.0 { cosine / wind_x.hypot(wind_z) * carried } else { 0.0 };
        let scaled = distance * (1.0 - along) / (1.0 - carried * carried).sqrt() / self.reach_m;
        // What all of it adds up to, over those ellipses.
        let area = 2.0 * std::f64::consts::PI * self.reach_m * self.reach_m;
        self.volume_m3 * (1.0 - carried * carried).sqrt() / area * (-scaled).exp()
    }

    /// Lets it fall on a field: adds to the ground, and to the loose ground on it.
    ///
    /// # Panics
    /// If a slice has not one number for each node.
    pub fn fall(
        &self,
        grid: &PlaneGrid,
        vent: usize,
        ground_m: &mut [f64],
        sediment_m: &mut [f64],
    ) {
        assert_eq!([ground_m.len(), sediment_m.len()], [grid.len(); 2], "a number for each node");
        let place =
            |node: usize| [node % grid.columns(), node / grid.columns()].map(|at| at as f64);
        let vent = place(vent);
        for (node, (ground, sediment)) in ground_m.iter_mut().zip(sediment_m).enumerate() {
            let [x, z] = place(node);
            let offset_m = [x - vent[0], z - vent[1]].map(|steps| steps * grid.spacing_m());
            let thickness_m = self.thickness_m(offset_m);
            *ground += thickness_m;
            *sediment += thickness_m;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::volume_m3;

    #[test]
    fn lava_covers_as_much_as_becomes_rock_as_fast_as_it_comes_up_and_none_is_lost() {
        let grid = PlaneGrid::new(81, 81, 10.0);
        let (mut lava_m, mut ground) = (vec![0.0; grid.len()], vec![0.0; grid.len()]);
        let lava = Lava { solid_m_per_s: 2e-5, ..Lava::default() };
        let (vent, rate) = (grid.node(40, 40), 2.0);
        let mut sum = EruptionStep::default();
        for _ in 0..400 {
            let none = vec![false; grid.len()];
            let step = lava.erupt(&grid, &none, (vent, rate), 500.0, &mut lava_m, &mut ground);
            sum.erupted_m3 += step.erupted_m3;
            sum.solid_m3 += step.solid_m3;
        }
        let there = volume_m3(&grid, &lava_m) + volume_m3(&grid, &ground);
        let off = there / sum.erupted_m3 - 1.0;
        let wet = lava_m.iter().filter(|lava| **lava > 0.0).count() as f64 * 100.0;
        let area = wet / (rate / lava.solid_m_per_s) - 1.0;
        let highest = ground.iter().copied().fold(0.0, f64::max);
        println!(
            "volume off {off:.1e}; lava covers {:.1} % more than it can keep up; a shield of {highest:.1} m",
            100.0 * area
        );
        assert!(off.abs() < 1e-12 && area.abs() < 0.15);
        assert!(highest > 3.0 && ground[vent] > 0.8 * highest, "highest about the vent");
    }

    #[test]
    fn a_layer_stands_when_its_heat_is_gone() {
        let grid = PlaneGrid::new(4, 4, 10.0);
        let (mut lava_m, mut ground) = (vec![3.0; 16], vec![0.0; 16]);
        let lava = Lava { solid_m_per_s: 1e-3, ..Lava::default() };
        let mut run = |seconds| {
            lava.erupt(&grid, &[false; 16], (0, 0.0), seconds, &mut lava_m, &mut ground);
            lava_m[5]
        };
        assert!((run(1000.0) - 2.0).abs() < 1e-9);
        assert_eq!(run(2001.0), 0.0);
        assert!(ground.iter().all(|ground| (ground - 3.0).abs() < 1e-9));
    }

    #[test]
    fn ash_adds_up_to_what_was_thrown_out_and_lies_thicker_downwind() {
        for wind in [[0.0, 0.0], [0.5, 0.0], [-0.3, 0.6]] {
            let grid = PlaneGrid::new(401, 401, 100.0);
            let (mut ground, mut loose) = (vec![0.0; grid.len()], vec![0.0; grid.len()]);
            let ash = AshFall { volume_m3: 1e8, reach_m: 1200.0, wind };
            ash.fall(&grid, grid.node(200, 200), &mut ground, &mut loose);
            let off = volume_m3(&grid, &ground) / 1e8 - 1.0;
            println!("wind {wind:?}: ash off {off:.1e}");
            assert!(off.abs() < 0.02 && ground == loose);
            let [x, z] = wind.map(|part| 4000.0 * part);
            assert!(
                wind == [0.0, 0.0] || ash.thickness_m([x, z]) > 2.0 * ash.thickness_m([-x, -z])
            );
        }
    }
}
