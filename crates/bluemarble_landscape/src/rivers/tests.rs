//! Rivers against exact solutions of their equation. Each test prints how far it is off.

use super::*;
use crate::{
    flow::Flow,
    grid::{Grid, PlaneGrid, volume_m3},
    noise,
};

/// A square of rough ground that rises by `uplift_m` a year between edges that stay.
struct Rising {
    grid: PlaneGrid,
    is_outlet: Vec<bool>,
    ground_m: Vec<f64>,
    sediment_m: Vec<f64>,
    areas_m2: Vec<f64>,
    flow: Flow,
}

const UPLIFT_M: f64 = 1e-3;

impl Rising {
    fn new(edge: usize) -> Self {
        let grid = PlaneGrid::new(edge, edge, 200.0);
        let ground_m = (0..grid.len()).map(|node| noise(node as u64)).collect();
        Self {
            is_outlet: grid.border(),
            sediment_m: vec![0.0; grid.len()],
            areas_m2: Vec::new(),
            flow: Flow::default(),
            grid,
            ground_m,
        }
    }

    fn uplift(&mut self, years: f64) {
        for (height, is_outlet) in self.ground_m.iter_mut().zip(&self.is_outlet) {
            *height += if *is_outlet { 0.0 } else { UPLIFT_M * years };
        }
    }

    fn step(&mut self, incision: &Incision, deposition: &Deposition, years: f64) -> Transport {
        self.uplift(years);
        self.flow.route(&self.grid, &self.ground_m, &self.is_outlet);
        self.areas_m2 = self.flow.drainage_areas_m2(&self.grid);
        let before_m = self.ground_m.clone();
        incision.cut(&self.flow, &self.areas_m2, &UniformRock, years, &mut self.ground_m);
        deposition.carry(
            &self.grid,
            &self.flow,
            &self.areas_m2,
            &before_m,
            &mut self.ground_m,
            &mut self.sediment_m,
        )
    }

    /// Slopes against areas: the exponent and the factor of the line through them.
    fn fitted(&self) -> (f64, f64) {
        let points: Vec<(f64, f64)> = (0..self.grid.len())
            .map(|node| (node, self.flow.receivers()[node] as usize))
            .filter(|&(_, receiver)| !self.is_outlet[receiver])
            .map(|(node, receiver)| {
                let fall = self.ground_m[node] - self.ground_m[receiver];
                let slope = fall / self.flow.distances_m()[node];
                (self.areas_m2[node].ln(), slope.ln())
            })
            .collect();
        let count = points.len() as f64;
        let mean = |part: fn(&(f64, f64)) -> f64| points.iter().map(part).sum::<f64>() / count;
        let (x, y) = (mean(|point| point.0), mean(|point| point.1));
        let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
        let together: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
        let exponent = together / spread;
        (exponent, (y - exponent * x).exp())
    }
}

#[test]
fn mountains_that_rise_as_fast_as_they_are_cut_have_the_slopes_that_the_law_says() {
    for (slope_exponent, erodibility) in [(1.0, 1e-5), (2.0, 1e-5), (0.8, 1e-5)] {
        for years in [5e4, 5e5] {
            let incision =
                Incision { erodibility, area_exponent: 0.5 * slope_exponent, slope_exponent };
            let mut land = Rising::new(48);
            for _ in 0..(5e7 / years) as usize {
                land.step(&incision, &Deposition::default(), years);
            }
            let (exponent, factor) = land.fitted();
            let expected = (UPLIFT_M / erodibility).powf(1.0 / slope_exponent);
            let off = factor / expected - 1.0;
            println!("n {slope_exponent}, {years} years: exponent {exponent:.6}, ks off {off:.1e}");
            assert!((exponent + 0.5).abs() < 1e-3, "the exponent is -m/n");
            assert!(off.abs() < 5e-3, "the steepness is (U/K)^(1/n)");
        }
    }
}

#[test]
fn rivers_that_settle_are_steeper_as_the_law_says() {
    let incision = Incision::default();
    for settling in [0.5, 1.5] {
        let mut land = Rising::new(32);
        for _ in 0..2000 {
            land.step(&incision, &Deposition { settling }, 2e4);
        }
        let (exponent, factor) = land.fitted();
        let off = factor / ((1.0 + settling) * UPLIFT_M / incision.erodibility) - 1.0;
        println!("G {settling}: exponent {exponent:.6}, steepness off {off:.1e}");
        assert!((exponent + 0.5).abs() < 1e-3 && off.abs() < 5e-3);
    }
}

#[test]
fn a_knickpoint_arrives_when_its_speed_says() {
    let (nodes, spacing_m) = (2000, 100.0);
    let grid = PlaneGrid::new(nodes, 1, spacing_m);
    let mut is_outlet = vec![false; nodes];
    is_outlet[0] = true;
    let incision = Incision { erodibility: 4e-5, area_exponent: 0.4, slope_exponent: 1.0 };
    let area_m2 = |node: usize| (nodes - node) as f64 * spacing_m * spacing_m;
    // How long a wave takes from the outlet up to each node: it runs at K A^m.
    let mut arrival_years = vec![0.0; nodes];
    for node in 1..nodes {
        let speed = incision.erodibility * area_m2(node).powf(incision.area_exponent);
        arrival_years[node] = arrival_years[node - 1] + spacing_m / speed;
    }
    let mut ground_m: Vec<f64> = arrival_years.iter().map(|years| UPLIFT_M * years).collect();
    // From now on it rises twice as fast.
    let (faster_m, years, steps) = (2.0 * UPLIFT_M, 1000.0, 3000);
    let mut flow = Flow::default();
    for _ in 0..steps {
        ground_m.iter_mut().skip(1).for_each(|height| *height += faster_m * years);
        flow.route(&grid, &ground_m, &is_outlet);
        let areas_m2 = flow.drainage_areas_m2(&grid);
        incision.cut(&flow, &areas_m2, &UniformRock, years, &mut ground_m);
    }
    let time = years * f64::from(steps);
    let mut worst: f64 = 0.0;
    for (&height, &arrival) in ground_m.iter().zip(&arrival_years).skip(1) {
        let exact = UPLIFT_M * arrival + (faster_m - UPLIFT_M) * arrival.min(time);
        worst = worst.max((height / exact - 1.0).abs());
    }
    let steepness = |node: usize| {
        (ground_m[node] - ground_m[node - 1]) / (arrival_years[node] - arrival_years[node - 1])
    };
    let half_way = (1..nodes).position(|node| steepness(node) < 1.5 * UPLIFT_M).expect("a bend");
    let off = arrival_years[half_way + 1] / time - 1.0;
    println!("heights off {worst:.1e} at most; the knickpoint's arrival off {off:.1e}");
    assert!(worst < 1e-2 && off.abs() < 2e-3);
}

#[test]
fn rock_and_what_has_left_add_up_over_a_thousand_steps() {
    let mut land = Rising::new(40);
    // A bowl, so that there are lakes.
    for node in 0..land.grid.len() {
        let (x, z) = ((node % 40) as f64 - 20.0, (node / 40) as f64 - 20.0);
        land.ground_m[node] += 40.0 - 30.0 * (-(x * x + z * z) / 60.0).exp();
    }
    let begun_m3 = volume_m3(&land.grid, &land.ground_m);
    let (mut left_m3, mut raised_m3, mut settled_m3) = (0.0, 0.0, 0.0);
    let inside = land.is_outlet.iter().filter(|is_outlet| !**is_outlet).count() as f64;
    for _ in 0..1000 {
        let moved = land.step(&Incision::default(), &Deposition { settling: 0.7 }, 300.0);
        let sum = moved.settled_m3 + moved.exported_m3;
        assert!((moved.cut_m3 - sum).abs() <= 1e-9 * moved.cut_m3);
        left_m3 += moved.exported_m3;
        settled_m3 += moved.settled_m3;
        raised_m3 += UPLIFT_M * 300.0 * inside * land.grid.area_m2(0);
        let lakes = land.flow.water_m().iter().zip(&land.ground_m);
        assert!(
            lakes
                .clone()
                .zip(&land.areas_m2)
                .all(|((water, ground), _)| water.is_finite() && ground.is_finite())
        );
    }
    let sum_m3 = volume_m3(&land.grid, &land.ground_m) + left_m3;
    let off = sum_m3 / (begun_m3 + raised_m3) - 1.0;
    println!("rock, uplift and what has left: off {off:.1e}");
    assert!(off.abs() < 1e-9 && settled_m3 > 0.0);
}

#[test]
fn a_lake_is_filled_up_to_where_it_stands_and_no_higher() {
    // A steep side, a lake, a sill and the outlet.
    let grid = PlaneGrid::new(9, 1, 10.0);
    let mut ground_m = vec![0.0, 20.0, 5.0, 4.0, 5.0, 18.0, 60.0, 90.0, 130.0];
    let is_outlet: Vec<bool> = (0..9).map(|node| node == 0).collect();
    let mut sediment_m = vec![0.0; 9];
    let mut flow = Flow::default();
    let soft = Incision { erodibility: 1e-3, ..Incision::default() };
    let mut exported_m3 = Vec::new();
    for _ in 0..40 {
        flow.route(&grid, &ground_m, &is_outlet);
        let (areas_m2, before_m) = (flow.drainage_areas_m2(&grid), ground_m.clone());
        // The sill is hard.
        let rock = |node: usize, _: f64| Layer {
            erodibility: if node == 1 { 0.0 } else { 1.0 },
            base_m: f64::NEG_INFINITY,
        };
        soft.cut(&flow, &areas_m2, &rock, 20.0, &mut ground_m);
        let carried = Deposition::default();
        let moved =
            carried.carry(&grid, &flow, &areas_m2, &before_m, &mut ground_m, &mut sediment_m);
        exported_m3.push(moved.exported_m3);
        assert!(ground_m[2..6].iter().all(|&height| height <= 20.0 + 1e-9), "{ground_m:?}");
    }
    assert_eq!(exported_m3[0], 0.0, "the lake keeps everything");
    assert!(exported_m3[39] > 0.0 && ground_m[3] > 19.99, "and is full in the end: {ground_m:?}");
    assert!(sediment_m[3] > 15.0 && sediment_m[1] == 0.0, "{sediment_m:?}");
}

#[test]
fn rivers_stop_at_rock_that_is_never_cut_and_slow_down_in_hard_rock() {
    let grid = PlaneGrid::new(3, 1, 100.0);
    let is_outlet = [true, false, false];
    let cut = |hard: f64, years: f64| {
        let mut ground_m = vec![0.0, 50.0, 60.0];
        let mut flow = Flow::default();
        flow.route(&grid, &ground_m, &is_outlet);
        let areas_m2 = flow.drainage_areas_m2(&grid);
        let rock = |_: usize, height_m: f64| match height_m > 30.0 {
            true => Layer { erodibility: 1.0, base_m: 30.0 },
            false => Layer { erodibility: hard, base_m: f64::NEG_INFINITY },
        };
        let incision = Incision { erodibility: 1e-3, ..Incision::default() };
        incision.cut(&flow, &areas_m2, &rock, years, &mut ground_m);
        ground_m[1]
    };
    assert_eq!(cut(0.0, 1e5), 30.0);
    assert!(cut(0.0, 100.0) > 30.0, "it takes its time");
    let (soft, hard) = (cut(1.0, 1500.0), cut(0.1, 1500.0));
    assert!(soft < hard && hard < 30.0, "{soft} {hard}");
}

#[test]
fn any_slope_exponent_solves_its_equation() {
    for slope_exponent in [0.5, 0.8, 1.0, 1.5, 2.0, 4.0] {
        let incision = Incision { slope_exponent, ..Incision::default() };
        for height in [1e-6, 1.0, 3000.0] {
            for reach in [1e-9, 1.0, 1e9] {
                let lowered = incision.lowered(height, 50.0, reach);
                let sum = lowered + reach * (lowered / 50.0).powf(slope_exponent);
                assert!((sum / height - 1.0).abs() < 1e-9, "{slope_exponent} {height} {reach}");
                assert!((0.0..=height).contains(&lowered));
            }
        }
    }
}
