//! No hole: where the planet is, the background never shows.

use image::{Rgb, RgbImage};

use crate::{
    sight::Sight,
    viewer::{Finished, Run, surface_m},
};

const BACKGROUND: &str = "FF00FF";
const BACKGROUND_PIXEL: Rgb<u8> = Rgb([255, 0, 255]);
const SIZE: &str = "640x360";

/// Pixels inside the silhouette that show the background, and how many lie inside.
fn holes(sight: &Sight, picture: &RgbImage) -> (Vec<(u32, u32)>, usize) {
    let inside: Vec<_> =
        picture.enumerate_pixels().filter(|&(x, y, _)| sight.must_hit(x, y)).collect();
    let holes = inside
        .iter()
        .filter(|(.., pixel)| **pixel == BACKGROUND_PIXEL)
        .map(|&(x, y, _)| (x, y))
        .collect();
    (holes, inside.len())
}

fn check(run: &Finished, what: &str, pose: &serde_json::Value, picture: &RgbImage) {
    let (holes, inside) = holes(&Sight::new(&run.report, pose), picture);
    assert!(inside > 100, "{what}: the planet is not in view");
    if !holes.is_empty() {
        let path = std::env::temp_dir().join(format!("bluemarble hole {what}.png"));
        let _ = picture.save(&path);
        panic!(
            "{what}: {} holes, such as {:?}; see {}",
            holes.len(),
            &holes[..holes.len().min(5)],
            path.display()
        );
    }
}

fn no_hole_at(
    what: &str,
    lat_deg: f64,
    lon_deg: f64,
    altitude_m: f64,
    heading_deg: f64,
    pitch_deg: f64,
) {
    let pose = format!("{lat_deg},{lon_deg},{altitude_m},{heading_deg},{pitch_deg}");
    let run = Run::settled(&pose, SIZE).pair("--background", BACKGROUND).finish();
    check(&run, what, &run.report["pose"], &run.picture());
}

/// Where the corner of three cube faces lies: each angle to an axis is the same.
fn corner_lat_deg() -> f64 {
    0.5f64.sqrt().atan().to_degrees()
}

#[test]
fn no_hole_from_orbit_and_the_background_is_seen_around_it() {
    let run = Run::settled("20,20,12000000,0,-90", SIZE).pair("--background", BACKGROUND).finish();
    let picture = run.picture();
    check(&run, "orbit", &run.report["pose"], &picture);
    assert_eq!(*picture.get_pixel(1, 1), BACKGROUND_PIXEL);
    assert_eq!(*picture.get_pixel(320, 1), BACKGROUND_PIXEL);
}

#[test]
fn no_hole_over_the_pacific_at_2000_km() {
    no_hole_at("pacific", 5.0, -160.0, 2e6, 40.0, -60.0);
}

#[test]
fn no_hole_at_an_edge_of_two_cube_faces_at_the_equator() {
    no_hole_at("equator edge", 0.3, 45.0, 40_000.0, 10.0, -30.0);
}

#[test]
fn no_hole_at_an_edge_of_a_polar_cube_face() {
    no_hole_at("polar edge", 45.0, 6.0, 9_000.0, 80.0, -20.0);
}

#[test]
fn no_hole_at_a_corner_of_three_cube_faces() {
    no_hole_at("corner", corner_lat_deg(), 45.0, 20_000.0, 200.0, -35.0);
}

#[test]
fn no_hole_at_the_south_pole() {
    no_hole_at("south pole", -90.0, 0.0, surface_m(-90.0, 0.0) + 300.0, 0.0, -25.0);
}

#[test]
fn no_hole_over_the_himalaya() {
    no_hole_at("himalaya", 27.55, 86.75, 9_500.0, 30.0, -12.0);
}

#[test]
fn no_hole_over_a_coast() {
    no_hole_at("coast", 36.0, -5.5, 1_500.0, 180.0, -20.0);
}

#[test]
fn no_hole_looking_straight_down_from_500_m() {
    no_hole_at("grand canyon", 36.1, -112.1, surface_m(36.1, -112.1) + 500.0, 0.0, -90.0);
}

#[test]
fn no_hole_2_m_above_the_ground() {
    no_hole_at("2 m", 45.95, 7.6, surface_m(45.95, 7.6) + 2.0, 20.0, -15.0);
}

#[test]
fn no_hole_2_m_above_the_ground_at_a_corner_of_three_cube_faces() {
    let lat_deg = corner_lat_deg();
    no_hole_at("2 m corner", lat_deg, 45.0, surface_m(lat_deg, 45.0) + 2.0, 225.0, -20.0);
}

/// Flies with every chunk taking 20 ms to be read; no pictured frame has a hole, and in no frame at all is
/// any place drawn twice or not at all.
fn no_hole_on_a_slow_disk(flight: &str, every: u64, least_frames: usize) {
    let run = Run::headless()
        .arg("--settle")
        .arg("--check-cut")
        .pair("--slow-reads", "20")
        .pair("--size", "480x270")
        .pair("--background", BACKGROUND)
        .pair("--screenshot-every", every.to_string())
        .file("--flight", flight)
        .finish();
    let frames = run.report["flight"].as_array().expect("a flight is reported");
    assert!(frames.len() >= least_frames, "{} frames", frames.len());
    for frame in frames {
        let number = frame["frame"].as_u64().expect("a frame has a number");
        check(&run, &format!("frame {number}"), &frame["pose"], &run.picture_of(number));
    }
    check(&run, "end of the flight", &run.report["pose"], &run.picture());
    assert!(run.number("/cut_frames_checked") > frames.len() as f64 * every as f64);
    assert_eq!(run.number("/cut_holes_and_overlaps"), 0.0);
}

#[test]
fn no_hole_nor_overlap_on_a_slow_disk_from_2000_km_to_2_m() {
    let ground_m = surface_m(46.5, 8.5);
    let flight = format!(
        "# seconds, lat, lon, alt_m, heading, pitch\n\
         0,40,2,2000000,0,-80\n1.5,44,6,60000,30,-45\n3,46,8,{},60,-20\n4,46.5,8.5,{},90,-15\n",
        ground_m + 3_000.0,
        ground_m + 2.0
    );
    no_hole_on_a_slow_disk(&flight, 6, 40);
}

#[test]
fn no_hole_nor_overlap_on_a_slow_disk_low_over_hills_at_500_m_s() {
    // 1000 m eastwards in two seconds.
    let (lat, lon) = (46.9f64, 9.5);
    let degrees = 1_000.0 / (111_320.0 * lat.to_radians().cos());
    let highest_m = (0..=20)
        .map(|step| surface_m(lat, lon + degrees * f64::from(step) / 20.0))
        .fold(f64::NEG_INFINITY, f64::max);
    let altitude_m = highest_m + 60.0;
    let flight = format!(
        "0,{lat},{lon},{altitude_m},90,-12\n2,{lat},{},{altitude_m},90,-12\n",
        lon + degrees
    );
    no_hole_on_a_slow_disk(&flight, 4, 30);
}
