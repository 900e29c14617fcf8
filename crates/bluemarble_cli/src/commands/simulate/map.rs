//! Maps of the land: before, after, and what has changed.

use std::path::Path;

use bluemarble_geology::Run;
use bluemarble_landscape::grid::PlaneGrid;
use plotters::prelude::*;

use super::plots::{Canvas, TEXT};
use crate::failure::Failure;

/// Pixels along the longer edge of a map.
const MAP_PIXELS: u32 = 560;
const MARGIN: i32 = 56;
/// Where the light comes from: from the upper left, half way up.
const LIGHT: [f64; 3] = [-0.5, 0.707, -0.5];

/// Draws three maps beside each other.
pub fn draw(path: &Path, run: &Run) -> Result<(), Failure> {
    let (begun_m, now_m) = (run.begun_m(), &run.land().ground_m[..]);
    let changed_m: Vec<f64> = now_m.iter().zip(begun_m).map(|(now, begun)| now - begun).collect();
    let grid = &run.land().grid;
    let scale = f64::from(MAP_PIXELS) / grid.columns().max(grid.rows()) as f64;
    let size = [grid.columns(), grid.rows()].map(|nodes| (nodes as f64 * scale).round() as i32);
    let panel = size[0] + MARGIN;
    let canvas = Canvas::new((3 * panel + MARGIN) as u32, (size[1] + 2 * MARGIN) as u32);
    let range = range(begun_m.iter().chain(now_m));
    let largest = changed_m.iter().fold(0.0_f64, |largest, change| largest.max(change.abs()));
    let largest = percentile(&changed_m, 0.995).max(largest * 1e-3);
    let sea_m = run.sea_level_m();
    canvas.draw(path, |root| {
        root.fill(&WHITE)?;
        let titles =
            ["before".to_owned(), format!("after {} years", run.years()), "change".to_owned()];
        for (number, title) in titles.iter().enumerate() {
            let left = MARGIN + number as i32 * panel;
            let text =
                |text: &str, x: i32, y: i32| root.draw(&Text::new(text.to_owned(), (x, y), TEXT));
            text(title, left, 14)?;
            for y in 0..size[1] {
                for x in 0..size[0] {
                    let at = [x, y].map(|at| (f64::from(at) + 0.5) / scale - 0.5);
                    let colour = match number {
                        0 => land_colour(grid, begun_m, at, range, sea_m.map(|_| 0.0)),
                        1 => land_colour(grid, now_m, at, range, sea_m),
                        _ => {
                            let shade = shade(grid, now_m, at);
                            change_colour(between(grid, &changed_m, at) / largest, shade)
                        }
                    };
                    root.draw_pixel((left + x, MARGIN - 16 + y), &colour)?;
                }
            }
            let below = size[1] + MARGIN - 10;
            let width_m = grid.columns() as f64 * grid.spacing_m();
            text(
                &match number {
                    0 => format!("{:.0} to {:.0} m", range[0], range[1]),
                    1 => format!("{width_m:.0} m wide"),
                    _ => format!("red: up to {largest:.1} m lower; blue: higher"),
                },
                left,
                below,
            )?;
        }
        Ok(())
    })
}

fn range<'a>(numbers: impl Iterator<Item = &'a f64>) -> [f64; 2] {
    numbers.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], number| {
        [low.min(*number), high.max(*number)]
    })
}

/// So much is more than this part of all numbers, whatever their sign.
fn percentile(numbers: &[f64], part: f64) -> f64 {
    let mut sizes: Vec<f64> = numbers.iter().map(|number| number.abs()).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    sizes.get(((sizes.len() - 1) as f64 * part) as usize).copied().unwrap_or(0.0)
}

/// A field between its nodes.
fn between(grid: &PlaneGrid, field: &[f64], at: [f64; 2]) -> f64 {
    let place = |at: f64, count: usize| {
        let at = at.clamp(0.0, (count - 1) as f64);
        let low = (at as usize).min(count - 2);
        (low, at - low as f64)
    };
    let ((column, across), (row, down)) = (place(at[0], grid.columns()), place(at[1], grid.rows()));
    let of = |column, row| field[grid.node(column, row)];
    let mix = |one: f64, other: f64, part: f64| one + (other - one) * part;
    let upper = mix(of(column, row), of(column + 1, row), across);
    mix(upper, mix(of(column, row + 1), of(column + 1, row + 1), across), down)
}

/// How bright ground is that the light falls on, 0 to 1.
fn shade(grid: &PlaneGrid, field: &[f64], at: [f64; 2]) -> f64 {
    let rise = |by: [f64; 2]| {
        let beside = |sign: f64| between(grid, field, [at[0] + sign * by[0], at[1] + sign * by[1]]);
        (beside(1.0) - beside(-1.0)) / (2.0 * grid.spacing_m())
    };
    let (across, down) = (rise([1.0, 0.0]), rise([0.0, 1.0]));
    let length = (1.0 + across * across + down * down).sqrt();
    let facing = (LIGHT[1] - across * LIGHT[0] - down * LIGHT[2]) / length;
    0.25 + 0.75 * facing.clamp(0.0, 1.0)
}

/// Heights from low to high: valleys, meadows, rock, snow.
const HEIGHTS: [[f64; 3]; 5] = [
    [0.44, 0.56, 0.38],
    [0.66, 0.70, 0.48],
    [0.72, 0.62, 0.47],
    [0.62, 0.56, 0.52],
    [0.97, 0.97, 0.98],
];

fn land_colour(
    grid: &PlaneGrid,
    field: &[f64],
    at: [f64; 2],
    range: [f64; 2],
    sea_m: Option<f64>,
) -> RGBColor {
    let height_m = between(grid, field, at);
    if sea_m.is_some_and(|sea_m| height_m < sea_m) {
        let depth = (sea_m.unwrap_or(0.0) - height_m) / (range[1] - range[0]).max(1.0);
        let dark = (1.0 - 1.5 * depth).clamp(0.4, 1.0);
        return rgb([0.42 * dark, 0.62 * dark, 0.80 * dark]);
    }
    let part = (height_m - range[0]) / (range[1] - range[0]).max(1e-6) * (HEIGHTS.len() - 1) as f64;
    let low = (part as usize).min(HEIGHTS.len() - 2);
    let shade = shade(grid, field, at);
    let channel = |channel: usize| {
        let [one, other] = [HEIGHTS[low][channel], HEIGHTS[low + 1][channel]];
        (one + (other - one) * (part - low as f64)) * shade * 1.15
    };
    rgb([channel(0), channel(1), channel(2)])
}

/// Red where ground has gone, blue where it has come.
fn change_colour(part: f64, shade: f64) -> RGBColor {
    let much = part.abs().min(1.0).powf(0.7);
    let full = if part < 0.0 { [0.75, 0.12, 0.10] } else { [0.10, 0.30, 0.75] };
    rgb(full.map(|channel| (0.93 + (channel - 0.93) * much) * (0.4 + 0.6 * shade)))
}

fn rgb(channels: [f64; 3]) -> RGBColor {
    let [red, green, blue] =
        channels.map(|channel| (channel.clamp(0.0, 1.0) * 255.0).round() as u8);
    RGBColor(red, green, blue)
}
