//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Fly over the Earth in voxels, from orbit to the ground.
#[derive(Parser, Clone, Debug)]
#[command(name = "globe", version)]
pub struct Options {
    /// Directory of the world, made if it is not there; without it edits last until the end.
    #[arg(long, value_name = "DIR")]
    pub world: Option<PathBuf>,
    /// GeoTIFF with elevations in metres, of any planet of the Earth's size; without it, the Earth.
    #[arg(long, value_name = "FILE")]
    pub elevation: Option<PathBuf>,
    /// Which of the Earth's grids of elevations a new world is made from.
    #[arg(long, value_enum, default_value_t = Detail::Fine)]
    pub detail: Detail,
    /// Seed of the detail below the grid's scale.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where to start: degrees north, degrees east, metres above the sea, degrees of heading from
    /// north over east, degrees of pitch (-90 is straight down).
    #[arg(
        long,
        value_name = "LAT,LON,ALT_M,HEADING,PITCH",
        default_value = "24,18,12000000,0,-90",
        allow_hyphen_values = true
    )]
    pub pose: Pose,
    /// Picture size in pixels.
    #[arg(long, value_name = "WxH", default_value = "1280x720")]
    pub size: Size,
    /// Pixels that a cell may cover before finer ones are drawn.
    #[arg(long, value_name = "PX", default_value_t = 2.0)]
    pub error: f32,
    /// What the ground looks like close by.
    #[arg(long, value_enum, default_value_t = GroundLook::Blocky)]
    pub surface: GroundLook,
    /// Hours since midnight at longitude 0, where the sun stands still; without it, it is always morning.
    #[arg(long, value_name = "HOURS", value_parser = hours)]
    pub hour: Option<f64>,
    /// Hours that go by in a second, with --hour.
    #[arg(long, value_name = "HOURS", default_value_t = 0.0, requires = "hour")]
    pub hours_per_s: f64,
    /// Day of the year, 0 to 365: the season.
    #[arg(long, value_name = "DAY", default_value_t = 120.0)]
    pub day: f64,
    /// How much of the clouds is there: 0 is a clear sky, 1 weather as on the Earth.
    #[arg(long, value_name = "SHARE", default_value_t = 1.0)]
    pub clouds: f32,
    /// How much work goes into a pixel; low without a window, else medium.
    #[arg(long, value_enum)]
    pub quality: Option<Quality>,
    /// Every chunk takes at least so many milliseconds to be read: what a slow disk looks like.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub slow_reads: u64,
    /// Look in every frame whether every place is drawn once; the report tells how often it was not.
    #[arg(long)]
    pub check_cut: bool,
    /// Without a window: do what the other flags say and end.
    #[arg(long)]
    pub headless: bool,
    /// Run until everything in view is there and nothing is pending; with a flight, before and after it.
    #[arg(long)]
    pub settle: bool,
    /// Write a picture at the end.
    #[arg(long, value_name = "FILE")]
    pub screenshot: Option<PathBuf>,
    /// With a flight: also write every Nth frame, as FILE with the frame's number before the suffix.
    #[arg(long, value_name = "N", requires = "screenshot")]
    pub screenshot_every: Option<u64>,
    /// One flat colour instead of the sky, and no haze.
    #[arg(long, value_name = "RRGGBB")]
    pub background: Option<Background>,
    /// Pixels to pick, one `x,y` a line; one JSON line each is printed.
    #[arg(long, value_name = "FILE")]
    pub picks: Option<PathBuf>,
    /// A path to fly: lines of `seconds,lat,lon,alt_m,heading,pitch`.
    #[arg(long, value_name = "FILE")]
    pub flight: Option<PathBuf>,
    /// Dig a sphere of voxels at the pixel in the middle, with this radius in metres, once settled.
    #[arg(long, value_name = "RADIUS_M")]
    pub dig: Option<f64>,
    /// Stand still for this many frames once settled; the report then has the state before and after.
    #[arg(long, value_name = "FRAMES")]
    pub stand: Option<u64>,
    /// Write what happened as JSON.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

impl Options {
    /// Whether what is asked for needs a complete view.
    pub fn needs_settling(&self) -> bool {
        self.settle || self.picks.is_some() || self.dig.is_some() || self.stand.is_some()
    }
}

/// What the ground looks like close by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum GroundLook {
    /// Cubes.
    Blocky,
    /// Rounded; what is built stays cubes.
    Smooth,
}

/// A grid of the Earth's elevations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Detail {
    /// A height every 2.5 minutes.
    Fine,
    /// A height every 5 minutes: a quarter of the memory.
    Light,
}

/// How much work goes into a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Quality {
    /// For machines without a graphics card.
    Low,
    /// For most graphics cards.
    Medium,
    /// For fast graphics cards: roofs, pits and walls throw shadows, too.
    High,
}

fn hours(text: &str) -> Result<f64, String> {
    let hours = text.parse::<f64>().ok().filter(|hours| (0.0..=24.0).contains(hours));
    hours.ok_or_else(|| format!("`{text}` is not a time of day, 0 to 24"))
}

/// A position and a direction of sight.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Pose {
    pub lat_deg: f64,
    pub lon_deg: f64,
    pub altitude_m: f64,
    pub heading_deg: f64,
    pub pitch_deg: f64,
}

impl std::str::FromStr for Pose {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text
            .split(',')
            .map(|part| part.trim().parse::<f64>().ok().filter(|number| number.is_finite()))
            .collect::<Option<Vec<f64>>>()
            .ok_or("a pose is five numbers: lat,lon,alt_m,heading,pitch")?;
        let [lat_deg, lon_deg, altitude_m, heading_deg, pitch_deg] = numbers[..] else {
            return Err(format!(
                "a pose is five numbers, lat,lon,alt_m,heading,pitch; here are {}",
                numbers.len()
            ));
        };
        let check = |name: &str, value: f64, low: f64, high: f64| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                Err(format!("{name} must be within {low}..={high}, not {value}"))
            }
        };
        check("lat", lat_deg, -90.0, 90.0)?;
        check("lon", lon_deg, -360.0, 360.0)?;
        check("alt_m", altitude_m, -20_000.0, 1e8)?;
        check("heading", heading_deg, -360.0, 360.0)?;
        check("pitch", pitch_deg, -90.0, 90.0)?;
        Ok(Self { lat_deg, lon_deg, altitude_m, heading_deg, pitch_deg })
    }
}

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

impl std::str::FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (width, height) = text.split_once('x').ok_or("a size is WxH, as in 1280x720")?;
        let parse = |text: &str| {
            text.parse::<u32>()
                .ok()
                .filter(|edge| (16..=8192).contains(edge))
                .ok_or_else(|| format!("`{text}` is not an edge of 16..=8192 pixels"))
        };
        Ok(Self { width: parse(width)?, height: parse(height)? })
    }
}

/// A flat sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Background(pub [u8; 3]);

impl std::str::FromStr for Background {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.trim_start_matches('#');
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 6);
        let number = number.ok_or("a colour is six hex digits, as in FF00FF")?;
        let [_, r, g, b] = number.to_be_bytes();
        Ok(Self([r, g, b]))
    }
}
