//! Bad input: one clear line, exit code 2, nothing lost.

use std::path::Path;

use image::RgbImage;
use tempfile::TempDir;

use crate::viewer::{Run, elevation};

/// Runs a viewer that must refuse, and returns the one line it says.
fn refusal(run: Run) -> String {
    let output = run.output();
    let errors = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert_eq!(output.stdout, b"");
    // Drivers may add lines of their own before anything is read.
    let lines: Vec<_> = errors.lines().filter(|line| !line.contains("XDG_RUNTIME_DIR")).collect();
    let [line] = lines[..] else { panic!("not one line:\n{errors}") };
    assert!(line.starts_with("globe: "), "{line}");
    line.to_owned()
}

fn refused_elevation(path: &Path) -> String {
    let line = refusal(Run::headless().pair("--elevation", path));
    assert!(line.contains(&path.display().to_string()), "{line} does not name {}", path.display());
    line
}

#[test]
fn a_missing_elevation_file_is_named() {
    refused_elevation(Path::new("/nowhere/relief.tif"));
}

#[test]
fn a_truncated_elevation_file_is_named() {
    let folder = TempDir::new().expect("a temporary folder");
    let whole = std::fs::read(elevation()).expect("the repository has its elevation grid");
    for share in [0.9, 0.5, 0.01, 0.0] {
        let path = folder.path().join("cut.tif");
        std::fs::write(&path, &whole[..(whole.len() as f64 * share) as usize]).expect("writable");
        refused_elevation(&path);
    }
}

#[test]
fn a_picture_is_not_taken_for_elevations() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("photo.tif");
    RgbImage::new(20, 10).save_with_format(&path, image::ImageFormat::Png).expect("writable");
    refused_elevation(&path);
}

#[test]
fn a_bad_pose_is_explained() {
    for (pose, word) in
        [("95,0,1000,0,0", "lat"), ("1,2,3", "five numbers"), ("0,0,high,0,0", "five numbers")]
    {
        let line = refusal(Run::headless().pair("--pose", pose));
        assert!(line.contains("--pose") && line.contains(word), "{line}");
    }
}

#[test]
fn bad_pixels_and_flights_name_their_line() {
    let line = refusal(Run::headless().pair("--size", "64x64").file("--picks", "1,1\n64,3\n"));
    assert!(line.contains("line 2"), "{line}");
    let line = refusal(Run::headless().file("--flight", "0,1,2,3000,0,0\n0,1,2,3000,0,0\n"));
    assert!(line.contains("line 2"), "{line}");
}

#[test]
fn a_world_that_cannot_be_written_is_named() {
    // Root may write anywhere, but nobody can make a directory below a file.
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "precious").expect("writable");
    let world = file.join("world");
    let line = refusal(Run::headless().pair("--world", &world));
    assert!(line.contains(&world.display().to_string()), "{line}");
    assert_eq!(std::fs::read_to_string(&file).expect("still there"), "precious");
}

#[test]
fn a_directory_that_holds_something_else_is_left_alone() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("thesis.txt");
    std::fs::write(&file, "precious").expect("writable");
    let line = refusal(Run::headless().pair("--world", folder.path()));
    assert!(line.contains(&folder.path().display().to_string()), "{line}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("still there").count(), 1);
    assert_eq!(std::fs::read_to_string(&file).expect("still there"), "precious");
}

#[test]
fn a_machine_without_a_graphics_driver_is_told_what_to_install() {
    let line = refusal(
        Run::headless()
            .env("VK_DRIVER_FILES", "/nowhere.json")
            .env("VK_ICD_FILENAMES", "/nowhere.json"),
    );
    assert!(line.contains("mesa-vulkan-drivers"), "{line}");
}
