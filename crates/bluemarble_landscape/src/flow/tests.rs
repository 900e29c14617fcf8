//! Routing against slow and obvious ways to do the same.

use std::{cmp::Reverse, collections::BinaryHeap};

use bluemarble_core::CubeSphere;
use proptest::prelude::*;

use super::*;
use crate::grid::{Edges, GlobeGrid, PlaneGrid};

/// Water of each node as high as it can stand: raised until nothing changes (Planchon and Darboux 2002).
fn filled_slowly(grid: &impl Grid, ground_m: &[f64], is_outlet: &[bool]) -> Vec<f64> {
    let mut water: Vec<f64> = (ground_m.iter().zip(is_outlet))
        .map(|(&ground, &is_outlet)| if is_outlet { ground } else { f64::INFINITY })
        .collect();
    loop {
        let mut is_changed = false;
        for node in 0..grid.len() {
            let mut lowest = water[node];
            grid.for_each_neighbour(node, |beside, _| lowest = lowest.min(water[beside]));
            let level = lowest.max(ground_m[node]);
            if level < water[node] {
                (water[node], is_changed) = (level, true);
            }
        }
        if !is_changed {
            return water;
        }
    }
}

/// The same by a queue of the lowest nodes (Barnes, Lehman and Mulla 2014).
fn filled_by_priority(grid: &impl Grid, ground_m: &[f64], is_outlet: &[bool]) -> Vec<f64> {
    let bits = |height: f64| (height + 1e6).to_bits();
    let mut water = vec![f64::NAN; grid.len()];
    let mut open: BinaryHeap<_> = BinaryHeap::new();
    for node in (0..grid.len()).filter(|&node| is_outlet[node]) {
        water[node] = ground_m[node];
        open.push(Reverse((bits(ground_m[node]), node)));
    }
    while let Some(Reverse((_, node))) = open.pop() {
        let level = water[node];
        grid.for_each_neighbour(node, |beside, _| {
            if water[beside].is_nan() {
                water[beside] = level.max(ground_m[beside]);
                open.push(Reverse((bits(water[beside]), beside)));
            }
        });
    }
    water
}

fn routed(grid: &impl Grid, ground_m: &[f64], is_outlet: &[bool]) -> Flow {
    let mut flow = Flow::default();
    flow.route(grid, ground_m, is_outlet);
    flow
}

fn check(grid: &impl Grid, ground_m: &[f64], is_outlet: &[bool]) -> Result<(), TestCaseError> {
    let flow = routed(grid, ground_m, is_outlet);
    prop_assert_eq!(flow.water_m(), filled_by_priority(grid, ground_m, is_outlet));
    let mut places = vec![usize::MAX; grid.len()];
    for (place, &node) in flow.downstream().iter().enumerate() {
        prop_assert_eq!(places[node as usize], usize::MAX, "each once");
        places[node as usize] = place;
    }
    for node in 0..grid.len() {
        let receiver = flow.receivers()[node] as usize;
        prop_assert!(places[node] < grid.len(), "all of them");
        prop_assert_eq!(receiver == node, is_outlet[node], "water leaves at outlets only");
        if receiver != node {
            prop_assert!(places[node] < places[receiver]);
            let mut found = None;
            grid.for_each_neighbour(node, |beside, distance| {
                found = found.or((beside == receiver).then_some(distance));
            });
            prop_assert_eq!(found, Some(flow.distances_m()[node]), "to a neighbour");
            prop_assert!(flow.water_m()[receiver] <= flow.water_m()[node], "never up");
        }
    }
    let areas = flow.drainage_areas_m2(grid);
    let of_outlets: f64 = (0..grid.len()).filter(|&node| is_outlet[node]).map(|n| areas[n]).sum();
    let all: f64 = (0..grid.len()).map(|node| grid.area_m2(node)).sum();
    prop_assert!((of_outlets / all - 1.0).abs() < 1e-12, "all water leaves");
    Ok(())
}

/// Few heights, so that there are flats and equal passes; or many.
fn any_ground(nodes: usize) -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![
        prop::collection::vec((0i32..6).prop_map(f64::from), nodes),
        prop::collection::vec(-50.0..50.0f64, nodes),
    ]
}

fn any_edges() -> impl Strategy<Value = Edges> {
    prop_oneof![Just(Edges::Closed), Just(Edges::Periodic)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn lakes_stand_as_high_as_slow_filling_says_and_all_water_leaves(
        (columns, rows, ground, outlets) in (1usize..14, 1usize..14).prop_flat_map(|(columns, rows)| {
            let nodes = columns * rows;
            (Just(columns), Just(rows), any_ground(nodes), prop::collection::vec(0..nodes, 1..4))
        }),
        edges in (any_edges(), any_edges()),
    ) {
        let grid = PlaneGrid::new(columns, rows, 3.0).with_edges(edges.0, edges.1);
        let mut is_outlet = vec![false; grid.len()];
        outlets.into_iter().for_each(|node| is_outlet[node] = true);
        check(&grid, &ground, &is_outlet)?;
        let flow = routed(&grid, &ground, &is_outlet);
        prop_assert_eq!(flow.water_m(), filled_slowly(&grid, &ground, &is_outlet));
    }

    #[test]
    fn water_runs_over_the_edges_of_a_globes_faces(ground in any_ground(6 * 64), outlet in 0usize..384) {
        let grid = GlobeGrid::new(CubeSphere { radius_m: 1000.0 }, 8);
        let mut is_outlet = vec![false; grid.len()];
        is_outlet[outlet] = true;
        check(&grid, &ground, &is_outlet)?;
    }
}

#[test]
fn without_outlets_the_lowest_node_is_one() {
    let grid = PlaneGrid::new(3, 3, 1.0);
    let ground = [5.0, 4.0, 5.0, 3.0, 6.0, 2.0, 5.0, 5.0, 5.0];
    let flow = routed(&grid, &ground, &[false; 9]);
    assert_eq!(flow.receivers()[5], 5);
    assert_eq!(flow.drainage_areas_m2(&grid)[5], 9.0);
}

#[test]
fn routing_again_over_other_ground_is_routing_anew() {
    let grid = PlaneGrid::new(9, 9, 1.0);
    let ground = |seed: usize| (0..81).map(|at| ((at * seed) % 17) as f64).collect::<Vec<_>>();
    let outlets = grid.border();
    let mut flow = Flow::default();
    for seed in [7, 11, 5, 7] {
        flow.route(&grid, &ground(seed), &outlets);
        let anew = routed(&grid, &ground(seed), &outlets);
        assert_eq!(flow.receivers(), anew.receivers());
        assert_eq!(flow.downstream(), anew.downstream());
        assert_eq!(flow.water_m(), anew.water_m());
    }
}
