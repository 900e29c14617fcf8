//! What the pictures look like, in figures: shape that can be read, many colours, nothing that flickers, the
//! Earth's own colours from orbit, slopes lit as they lie, no seams.

mod blue_marble;
mod colour;
mod daylight;
mod hillshade;
mod seams;
mod texture;

use std::{io::Write, sync::LazyLock};

use blue_marble::{BlueMarble, Difference, mean_and_p90};
use daylight::{Daylight, JUNE};
use hillshade::Lit;
use image::RgbImage;
use seams::Seam;
use serde_json::Value;

use crate::{sight::Sight, viewer::Run};

const SIZE: &str = "640x360";
const WIDTH: u32 = 640;
const HEIGHT: u32 = 360;
/// Vertical field of view of the viewer's camera over the rows of a picture, degrees.
const PIXEL_DEG: f64 = 50.0 / HEIGHT as f64;

/// A settled picture and the camera that took it.
struct Shown {
    picture: RgbImage,
    sight: Sight,
    picks: Vec<Value>,
}

impl Shown {
    fn of(run: Run) -> Self {
        let run = run.finish();
        let sight = Sight::new(&run.report, &run.report["pose"]);
        Self { picture: run.picture(), sight, picks: run.picks() }
    }
}

/// A view straight down, north up, without clouds.
fn clear_from(lat_deg: f64, lon_deg: f64, altitude_m: f64) -> Run {
    let pose = format!("{lat_deg},{lon_deg},{altitude_m},0,-90");
    Run::settled(&pose, SIZE).pair("--clouds", "0")
}

/// Africa from orbit: where from, and when the sun stands above.
const AFRICA: (f64, f64, f64) = (24.0, 18.0, 12_000_000.0);
static AFRICA_NOON: LazyLock<Daylight> = LazyLock::new(|| Daylight::noon(AFRICA.1, JUNE));
static CLEAR_AFRICA: LazyLock<Shown> = LazyLock::new(|| {
    let (lat_deg, lon_deg, altitude_m) = AFRICA;
    Shown::of(AFRICA_NOON.on(clear_from(lat_deg, lon_deg, altitude_m)))
});

/// Figures and their bars. All are told before any fails.
#[derive(Default)]
struct Figures {
    missed: Vec<String>,
}

impl Figures {
    /// Shown with --nocapture.
    fn tell(&self, line: &str) {
        let _ = writeln!(std::io::stderr(), "{line}");
    }

    fn below(&mut self, what: &str, value: f64, bar: f64) {
        self.bar(value < bar, format!("{what} {value:.3}, must be below {bar}"));
    }

    fn above(&mut self, what: &str, value: f64, bar: f64) {
        self.bar(value > bar, format!("{what} {value:.3}, must be above {bar}"));
    }

    fn bar(&mut self, is_met: bool, line: String) {
        self.tell(&line);
        if !is_met {
            self.missed.push(line);
        }
    }
}

#[test]
fn settled_pictures_keep_their_figures() {
    let mut figures = Figures::default();
    mountains_have_a_shape_and_many_colours(&mut figures);
    steps_show_nothing_of_what_is_behind(&mut figures);
    orbit_has_the_colours_of_blue_marble(&mut figures);
    slopes_are_lit_as_they_lie(&mut figures);
    no_seam_is_seen(&mut figures);
    assert!(figures.missed.is_empty(), "{:#?}", figures.missed);
}

fn mountains_have_a_shape_and_many_colours(figures: &mut Figures) {
    let pictured = |heading_deg: f64| {
        let pose = format!("27.55,86.75,9500,{heading_deg},-12");
        Run::settled(&pose, SIZE).finish().picture()
    };
    let picture = pictured(30.0);
    figures.below("himalaya: staircase ratio", texture::staircase_ratio(&picture), 0.9);
    figures.below("himalaya: five commonest colours", texture::five_colours(&picture), 0.35);
    let shifted = texture::changed(&picture, &pictured(30.0 + PIXEL_DEG * 0.5)) * 100.0;
    figures.below("himalaya: percent of pixels changed by half a pixel", shifted, 0.5);
}

/// An ice sheet is smooth and white: nothing but gaps at its steps would be dark.
fn steps_show_nothing_of_what_is_behind(figures: &mut Figures) {
    let run = Run::settled("69.3,-26.5,6000,40,-10", "960x540").pair("--clouds", "0");
    let dark = texture::lone_dark(&run.finish().picture(), 0.5) * 100.0;
    figures.below("greenland: percent of lone dark pixels", dark, 0.05);
}

/// The sun stands above the middle: nothing but the air is between the picture and the map.
fn orbit_has_the_colours_of_blue_marble(figures: &mut Figures) {
    const SPRING: f64 = 90.0;
    let map = BlueMarble::load();
    let (lat_deg, lon_deg) = (5.0, -160.0);
    let noon = Daylight::noon(lon_deg, SPRING);
    let pacific = Shown::of(noon.on(clear_from(lat_deg, lon_deg, AFRICA.2)));
    for (name, shown, daylight) in
        [("africa", &*CLEAR_AFRICA, *AFRICA_NOON), ("pacific", &pacific, noon)]
    {
        let all = map.differences(&shown.picture, &shown.sight, daylight.direction());
        let told = |what: &str, which: &dyn Fn(&&Difference) -> bool| {
            let [mean, p90] = mean_and_p90(all.iter().filter(which));
            format!("{what} {mean:.1} (90 % below {p90:.1})")
        };
        let parts = [
            told("all", &|_| true),
            told("land", &|pixel| pixel.is_land),
            told("sea", &|pixel| !pixel.is_land),
            told("sea without the sun's glint", &|pixel| !pixel.is_land && !pixel.is_glint),
        ];
        figures.tell(&format!("{name}: difference to Blue Marble: {}", parts.join(", ")));
        let [mean, _] = mean_and_p90(all.iter());
        figures.below(&format!("{name}: mean difference to Blue Marble"), mean, 12.0);
    }
}

fn slopes_are_lit_as_they_lie(figures: &mut Figures) {
    const MORNING_SUN_DEG: f64 = 26.0;
    // A cell of the elevation grid is five pixels wide, a cell that is drawn less than two.
    const ALTITUDE_M: f64 = 340_000.0;
    for (name, lat_deg, lon_deg) in [("himalaya", 28.0, 86.75), ("alps", 46.3, 9.8)] {
        let [low, high] = [
            Daylight::morning(lat_deg, lon_deg, JUNE, MORNING_SUN_DEG),
            Daylight::noon(lon_deg, JUNE),
        ]
        .map(|daylight| {
            let shown = Shown::of(daylight.on(clear_from(lat_deg, lon_deg, ALTITUDE_M)));
            (shown, daylight.direction())
        });
        let shading = hillshade::compare(
            &Lit { picture: &low.0.picture, sun: low.1 },
            &Lit { picture: &high.0.picture, sun: high.1 },
            &low.0.sight,
        );
        let hillshade::Shading { correlation, blocks, share } = shading;
        let percent = share * 100.0;
        let compared = format!("{name}: {blocks} blocks are neither sea nor snow, {percent:.0} %");
        figures.bar(blocks > 1000, compared);
        figures.above(&format!("{name}: correlation with the hillshade"), correlation, 0.7);
    }
}

/// Both views have the edge of two faces of the cube in their middle; in one lods change on both sides of it.
fn no_seam_is_seen(figures: &mut Figures) {
    const ALTITUDE_M: f64 = 215_000.0;
    // A polar face begins where the axis of the equatorial one beside it is as far away as the pole.
    let asia = (70f64.to_radians().sin().atan().to_degrees(), 70.0);
    // Headings are those of the edges.
    for (name, (lat_deg, lon_deg), heading_deg, has_lods) in
        [("arabia", (20.0, 45.0), 0.0, false), ("kazakhstan", asia, 76.0, true)]
    {
        let pose = format!("{lat_deg},{lon_deg},{ALTITUDE_M},{heading_deg},-90");
        let run = Run::settled(&pose, SIZE).pair("--clouds", "0");
        let shown = Shown::of(run.file("--picks", &seams::lod_pixels(WIDTH, HEIGHT)));
        let faces = seams::across_faces(&shown.picture, &shown.sight);
        let mut seams = vec![("faces", faces, HEIGHT as usize * 9 / 10)];
        if has_lods {
            seams.push(("lods", seams::across_lods(&shown.picture, &shown.picks), 20));
        }
        for (between, seam, least) in seams {
            let Seam { step, beside, crossings } = seam;
            let measured = format!(
                "{name}: between {between} a step of {step:.4}, beside it of {beside:.4}, in \
                 {crossings} rows of at least {least}"
            );
            figures.bar(crossings >= least, measured);
            figures.below(&format!("{name}: step between {between}"), seam.ratio(), 1.5);
        }
    }
}

#[test]
fn from_orbit_land_and_sea_have_their_colours_and_clouds_are_bright() {
    let (lat_deg, lon_deg, altitude_m) = AFRICA;
    let pose = format!("{lat_deg},{lon_deg},{altitude_m},0,-90");
    let cloudy = AFRICA_NOON.on(Run::settled(&pose, SIZE)).pair("--clouds", "1").finish().picture();
    let clear = &CLEAR_AFRICA.picture;
    let at = |x: u32, y: u32| clear.get_pixel(x, y).0.map(f64::from);
    let (desert, sea) = (at(300, 165), at(225, 250));
    assert!(desert[0] > 110.0 && desert[0] > desert[2] * 1.15, "the Sahara is {desert:?}");
    assert!(sea[2] > sea[0] * 1.3, "the Atlantic is {sea:?}");
    let sum = |picture: &RgbImage| texture::luma(picture).iter().sum::<f64>();
    assert!(sum(&cloudy) > sum(clear) * 1.05, "{} and {}", sum(&cloudy), sum(clear));
}
