//! The game's own entities and the voxels are drawn together, where they belong.

use std::process::Command;

#[test]
fn a_game_with_plain_transforms_stands_on_voxels() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("meadow.png");
    let game = Command::new(env!("CARGO_BIN_EXE_new_flat_game")).arg(&file).output();
    let game = game.expect("it runs");
    assert!(game.status.success(), "{}", String::from_utf8_lossy(&game.stderr));
    let picture = image::open(&file).expect("it drew a picture").to_rgb8();
    let (width, height) = picture.dimensions();
    let is_red = |x: u32, y: u32| {
        let [r, g, b] = picture.get_pixel(x, y).0.map(i32::from);
        r > 120 && r > 2 * g && r > 2 * b
    };
    let is_green = |x: u32, y: u32| {
        let [_, g, b] = picture.get_pixel(x, y).0.map(i32::from);
        g > b + 10
    };
    assert!(is_red(width / 2, height / 2), "the tower stands in the middle");
    assert!(!is_red(width / 4, height / 2), "and only there");
    let below = (0..width).filter(|&x| is_green(x, height - 2)).count();
    assert!(below > width as usize * 3 / 4, "{below} of {width} pixels of the meadow");
}
