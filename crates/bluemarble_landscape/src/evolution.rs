//! [`Evolution`]: all processes together, on a piece of land.

use crate::{
    climate::{MountainRain, Temperatures},
    flow::Flow,
    glaciers::{Glaciers, Ice},
    grid::{Grid, PlaneGrid, volume_m3},
    isostasy::Plate,
    rivers::{Deposition, Incision, Rock},
    sea,
    slopes::{Creep, Talus, Weathering},
};

/// A piece of land, and what lies on it. All fields have a number for each node of the grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Land {
    /// Where the nodes lie.
    pub grid: PlaneGrid,
    /// Where water and what it carries leave, and the ground stays.
    pub is_outlet: Vec<bool>,
    /// The height of the ground above today's sea level, in metres; ice is on top of it.
    pub ground_m: Vec<f64>,
    /// How thick loose ground lies on the rock, in metres.
    pub sediment_m: Vec<f64>,
    /// Glaciers.
    pub ice: Ice,
    /// How many years have gone by.
    pub years: f64,
}

impl Land {
    /// Bare rock of these heights.
    ///
    /// # Panics
    /// If a field has not one number for each node.
    pub fn new(grid: PlaneGrid, is_outlet: Vec<bool>, ground_m: Vec<f64>) -> Self {
        assert_eq!([is_outlet.len(), ground_m.len()], [grid.len(); 2], "a number for each node");
        let (sediment_m, ice) = (vec![0.0; grid.len()], Ice::none(&grid));
        Self { grid, is_outlet, ground_m, sediment_m, ice, years: 0.0 }
    }

    /// All rock that there is above sea level and below it, loose or not, and that which ice carries, in m³.
    pub fn rock_m3(&self) -> f64 {
        volume_m3(&self.grid, &self.ground_m) + volume_m3(&self.grid, &self.ice.load_m)
    }
}

/// What shapes a piece of land: what is `None` does not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evolution {
    /// How fast each node rises, in metres a year.
    pub uplift_m_per_year: Option<Vec<f64>>,
    /// Rivers that cut, and how what they cut comes to rest.
    pub rivers: Option<(Incision, Deposition)>,
    /// Rain on mountains; else it rains the same everywhere.
    pub rain: Option<MountainRain>,
    /// Soil that creeps.
    pub creep: Option<Creep>,
    /// Loose ground that slides; rock stays.
    pub talus: Option<Talus>,
    /// Rock that becomes soil.
    pub weathering: Option<Weathering>,
    /// Ice, how warm it is, and at which latitude in degrees.
    pub glaciers: Option<(Glaciers, Temperatures, f64)>,
    /// The plate below, which bends as rock is moved.
    pub plate: Option<Plate>,
    /// How high the sea stands, in metres, that comes in at outlets: what it covers is an outlet as well.
    pub sea_level_m: Option<f64>,
}

/// What a step has done to the rock, in m³.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budget {
    /// Raised from below: by uplift, and by the plate (negative: sunk).
    pub raised_m3: f64,
    /// Cut by rivers.
    pub cut_m3: f64,
    /// Come to rest from rivers.
    pub settled_m3: f64,
    /// Ground off by ice.
    pub abraded_m3: f64,
    /// Laid down by ice.
    pub laid_m3: f64,
    /// Slid down, each move counted.
    pub slid_m3: f64,
    /// Left, with rivers, ice or soil.
    pub exported_m3: f64,
}

const GRAVITY: f64 = 9.81;

impl Evolution {
    /// Lets time go on: some thousand years a step, and with ice some ten. `rock` is what lies below loose ground. Rock is raised
    /// and leaves as the budget says, and is neither made nor lost.
    ///
    /// # Panics
    /// If a field has not one number for each node, or the grid is periodic and soil creeps.
    pub fn step(&self, land: &mut Land, rock: &impl Rock, flow: &mut Flow, years: f64) -> Budget {
        let mut budget = Budget::default();
        let is_outlet = self.outlets(land);
        if let Some(uplift) = &self.uplift_m_per_year {
            assert_eq!(uplift.len(), land.grid.len(), "a number for each node");
            for (node, rise) in uplift.iter().enumerate().filter(|&(node, _)| !land.is_outlet[node])
            {
                land.ground_m[node] += rise * years;
                budget.raised_m3 += rise * years * land.grid.area_m2(node);
            }
        }
        let raised_m = land.ground_m.clone();
        self.let_rivers_run(land, rock, flow, &is_outlet, years, &mut budget);
        self.let_ice_flow(land, &is_outlet, years, &mut budget);
        self.shape_slopes(land, &is_outlet, years, &mut budget);
        self.bend_plate(land, &raised_m, &mut budget);
        land.years += years;
        budget
    }

    fn outlets(&self, land: &Land) -> Vec<bool> {
        let mut is_outlet = land.is_outlet.clone();
        if let Some(level_m) = self.sea_level_m {
            let flooded = sea::flooded(&land.grid, &land.ground_m, &land.is_outlet, level_m);
            is_outlet.iter_mut().zip(flooded).for_each(|(is_outlet, wet)| *is_outlet |= wet);
        }
        is_outlet
    }

    fn let_rivers_run(
        &self,
        land: &mut Land,
        rock: &impl Rock,
        flow: &mut Flow,
        is_outlet: &[bool],
        years: f64,
        budget: &mut Budget,
    ) {
        let Some((incision, deposition)) = &self.rivers else { return };
        flow.route(&land.grid, &land.ground_m, is_outlet);
        let areas_m2 = match &self.rain {
            None => flow.drainage_areas_m2(&land.grid),
            Some(rain) => {
                // As much ground as would bring this water where it rains as on the plain.
                let mut areas_m2 = rain.m_per_year(&land.grid, &land.ground_m);
                for (node, rain_m) in areas_m2.iter_mut().enumerate() {
                    *rain_m *= land.grid.area_m2(node) / rain.plain_m_per_year;
                }
                flow.accumulate(&mut areas_m2);
                areas_m2
            }
        };
        let before_m = land.ground_m.clone();
        incision.cut(flow, &areas_m2, rock, years, &mut land.ground_m);
        // Settling counts in ground, not in rain.
        let settling_m2 =
            if self.rain.is_some() { flow.drainage_areas_m2(&land.grid) } else { areas_m2 };
        let moved = deposition.carry(
            &land.grid,
            flow,
            &settling_m2,
            &before_m,
            &mut land.ground_m,
            &mut land.sediment_m,
        );
        budget.cut_m3 += moved.cut_m3;
        budget.settled_m3 += moved.settled_m3;
        budget.exported_m3 += moved.exported_m3;
    }

    fn let_ice_flow(&self, land: &mut Land, is_outlet: &[bool], years: f64, budget: &mut Budget) {
        let Some((glaciers, temperatures, lat_deg)) = &self.glaciers else { return };
        let snow_line_m = vec![temperatures.freezing_m(*lat_deg); land.grid.len()];
        let step = glaciers.step(
            &land.grid,
            &snow_line_m,
            is_outlet,
            years,
            &mut land.ice,
            &mut land.ground_m,
            &mut land.sediment_m,
        );
        budget.abraded_m3 += step.abraded_m3;
        budget.laid_m3 += step.laid_m3;
        budget.exported_m3 += step.exported_rock_m3;
    }

    fn shape_slopes(&self, land: &mut Land, is_outlet: &[bool], years: f64, budget: &mut Budget) {
        if let Some(weathering) = &self.weathering {
            for soil_m in &mut land.sediment_m {
                *soil_m = weathering.soil_after_m(*soil_m, years);
            }
        }
        if let Some(creep) = &self.creep {
            let before_m = land.ground_m.clone();
            let crept = creep.creep(&land.grid, is_outlet, years, &mut land.ground_m);
            budget.exported_m3 += crept.expect("soil creeps on grids with closed edges");
            for ((soil, now), before) in
                land.sediment_m.iter_mut().zip(&land.ground_m).zip(before_m)
            {
                *soil = (*soil + now - before).max(0.0);
            }
        }
        if let Some(talus) = &self.talus {
            let loose_m = Some(&mut land.sediment_m[..]);
            budget.slid_m3 += talus.slide(&land.grid, &mut land.ground_m, loose_m);
        }
    }

    /// The plate bends under what was moved since uplift.
    fn bend_plate(&self, land: &mut Land, before_m: &[f64], budget: &mut Budget) {
        let Some(plate) = &self.plate else { return };
        let weight = plate.densities.crust * GRAVITY;
        let load_pa: Vec<f64> = (land.ground_m.iter().zip(before_m))
            .map(|(now, before)| (now - before) * weight)
            .collect();
        for (node, sinking_m) in plate.sinking_m(&land.grid, &load_pa).into_iter().enumerate() {
            if !land.is_outlet[node] {
                land.ground_m[node] -= sinking_m;
                budget.raised_m3 -= sinking_m * land.grid.area_m2(node);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{noise, rivers::Layer, spreading::Spreading};

    fn everything(nodes: usize) -> Evolution {
        Evolution {
            uplift_m_per_year: Some(vec![2e-3; nodes]),
            rivers: Some((Incision::default(), Deposition { settling: 0.5 })),
            rain: Some(MountainRain::default()),
            creep: Some(Creep { diffusivity: 0.05 }),
            talus: Some(Talus::default()),
            weathering: Some(Weathering::default()),
            // Cold ice, which needs few steps.
            glaciers: Some((
                Glaciers { ice: Spreading::ice(1e-18, 910.0), ..Glaciers::default() },
                Temperatures::default(),
                54.5,
            )),
            plate: Some(Plate::default()),
            sea_level_m: Some(5.0),
        }
    }

    fn land() -> Land {
        let grid = PlaneGrid::new(32, 24, 1000.0);
        let ground = (0..grid.len()).map(|node| 600.0 * noise(node as u64)).collect();
        Land::new(grid, (0..grid.len()).map(|node| node < 32).collect(), ground)
    }

    fn layers(node: usize, height_m: f64) -> Layer {
        let base_m = (height_m / 100.0).ceil() * 100.0 - 100.0;
        Layer { erodibility: 0.5 + noise((base_m as i64 as u64) ^ node as u64 >> 8), base_m }
    }

    #[test]
    fn with_all_processes_rock_is_what_was_raised_less_what_has_left_over_a_thousand_steps() {
        let mut land = land();
        let (evolution, mut flow) = (everything(land.grid.len()), Flow::default());
        let begun_m3 = land.rock_m3();
        let mut sum = Budget::default();
        for _ in 0..1000 {
            let step = evolution.step(&mut land, &layers, &mut flow, 20.0);
            sum.raised_m3 += step.raised_m3;
            sum.exported_m3 += step.exported_m3;
            sum.abraded_m3 += step.abraded_m3;
            sum.laid_m3 += step.laid_m3;
            sum.slid_m3 += step.slid_m3;
            sum.settled_m3 += step.settled_m3;
        }
        let off = land.rock_m3() / (begun_m3 + sum.raised_m3 - sum.exported_m3) - 1.0;
        println!("rock off {off:.1e}; {sum:?}");
        assert!(off.abs() < 1e-9);
        let all = [sum.exported_m3, sum.abraded_m3, sum.laid_m3, sum.slid_m3, sum.settled_m3];
        assert!(all.iter().all(|part| *part > 0.0), "each has done something: {sum:?}");
        assert!(land.sediment_m.iter().all(|soil| *soil >= 0.0));
        assert!((land.years - 20_000.0).abs() < 1e-6);
    }

    #[test]
    fn a_run_that_is_taken_up_again_gives_the_same_bits() {
        let evolution = everything(land().grid.len());
        let run = |land: &mut Land, steps: usize| {
            let mut flow = Flow::default();
            (0..steps).for_each(|_| _ = evolution.step(land, &layers, &mut flow, 50.0));
        };
        let (mut whole, mut parts) = (land(), land());
        run(&mut whole, 30);
        for steps in [7, 13, 10] {
            run(&mut parts, steps);
        }
        assert_eq!(whole, parts);
    }

    #[test]
    fn the_sea_comes_in_over_low_ground_and_rivers_end_there() {
        let grid = PlaneGrid::new(10, 1, 100.0);
        let ground = vec![-5.0, -3.0, -1.0, 2.0, 30.0, 60.0, 90.0, 120.0, 150.0, 180.0];
        let mut land = Land::new(grid, (0..10).map(|node| node == 0).collect(), ground.clone());
        let rivers =
            Some((Incision { erodibility: 1e-3, ..Default::default() }, Deposition::default()));
        let evolution = Evolution { rivers, sea_level_m: Some(0.0), ..Default::default() };
        evolution.step(&mut land, &crate::rivers::UniformRock, &mut Flow::default(), 100.0);
        assert_eq!(land.ground_m[..3], ground[..3], "the sea's floor stays");
        assert!(land.ground_m[4] < 30.0 && land.ground_m[3] > -1.0);
    }
}
