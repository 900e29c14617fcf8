//! The project runs, and draws what README promises.

use std::process::Command;

#[test]
fn a_first_project_draws_hills_under_a_sky() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("hills.png");
    let run = Command::new(env!("CARGO_BIN_EXE_new_terrain")).arg(&file).output().expect("it runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let picture = image::open(&file).expect("it drew a picture").to_rgb8();
    let (width, height) = picture.dimensions();
    let mean = |rows: std::ops::Range<u32>| {
        let pixels = rows.flat_map(|y| (0..width).map(move |x| (x, y)));
        let mut sums = [0.0f64; 3];
        let mut count = 0.0;
        for (x, y) in pixels {
            count += 1.0;
            (0..3).for_each(|i| sums[i] += f64::from(picture.get_pixel(x, y).0[i]));
        }
        sums.map(|sum| sum / count)
    };
    let (sky, ground) = (mean(0..height / 8), mean(height / 2..height));
    assert!(sky[2] > sky[0] + 10.0, "the sky is blue: {sky:?}");
    assert!(ground[1] > ground[2] + 5.0, "hills are greener than blue: {ground:?}");
    let colours: std::collections::HashSet<_> = picture.pixels().map(|pixel| pixel.0).collect();
    assert!(colours.len() > 500, "{} colours", colours.len());
}
