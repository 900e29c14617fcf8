//! Plots of a series: heights, slopes, and the budget of rock.

use std::{fs::File, io::BufWriter, path::Path, sync::Once};

use bluemarble_geology::run::Row;
use plotters::{coord::Shift, prelude::*, style::register_font};

use crate::failure::Failure;

/// How labels are written.
pub const TEXT: (&str, u32) = ("sans-serif", 17);

/// A picture to draw into.
pub struct Canvas {
    width: u32,
    height: u32,
}

/// What drawing gives.
pub type Drawn = Result<(), Box<dyn std::error::Error>>;

impl Canvas {
    /// A picture of so many pixels.
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Draws it and writes it as PNG.
    pub fn draw(
        &self,
        path: &Path,
        draw: impl FnOnce(&DrawingArea<BitMapBackend<'_>, Shift>) -> Drawn,
    ) -> Result<(), Failure> {
        // The one font that comes along: what is installed differs from machine to machine.
        static FONT: Once = Once::new();
        FONT.call_once(|| {
            _ = register_font("sans-serif", FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT);
        });
        let Self { width, height } = *self;
        let mut pixels = vec![0; (width * height * 3) as usize];
        let drawn = {
            let root = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
            draw(&root).and_then(|()| Ok(root.present()?))
        };
        let failed = |error: &dyn std::fmt::Display| {
            Failure::new(format!("{}: cannot be drawn: {error}", path.display()))
        };
        drawn.map_err(|error| failed(&error))?;
        let file = File::create(path).map_err(|error| Failure::file(path, "write", &error))?;
        let mut encoder = png::Encoder::new(BufWriter::new(file), width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let written =
            encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels));
        written.map_err(|error| failed(&error))
    }
}

/// A plot: its title and unit, and the lines in it with the column of each.
type Plot = (&'static str, &'static [(&'static str, &'static str)]);

const PLOTS: [Plot; 4] = [
    (
        "height in metres",
        &[("highest", "highest_m"), ("mean", "mean_height_m"), ("lowest", "lowest_m")],
    ),
    ("slope in metres a metre", &[("mean", "mean_slope")]),
    (
        "rock in m³",
        &[
            ("raised", "raised_m3"),
            ("cut by rivers", "cut_m3"),
            ("settled", "settled_m3"),
            ("ground off by ice", "abraded_m3"),
            ("left the area", "exported_m3"),
        ],
    ),
    ("loose ground in metres", &[("mean", "mean_loose_m")]),
];

/// Draws a series.
pub fn draw(path: &Path, series: &[Row]) -> Result<(), Failure> {
    Canvas::new(1280, 860).draw(path, |root| {
        root.fill(&WHITE)?;
        for (area, (title, lines)) in root.split_evenly((2, 2)).iter().zip(PLOTS) {
            plot(area, title, lines, series)?;
        }
        Ok(())
    })
}

fn plot(
    area: &DrawingArea<BitMapBackend<'_>, Shift>,
    title: &str,
    lines: &[(&str, &str)],
    series: &[Row],
) -> Drawn {
    let values = |name: &str| -> Vec<(f64, f64)> {
        let value = |row: &Row| Some((row.get("years")?, row.get(name)?));
        series.iter().filter_map(value).filter(|(_, value)| value.is_finite()).collect()
    };
    // What has never been anything says nothing.
    let lines: Vec<_> = (lines.iter())
        .map(|(label, name)| (*label, values(name)))
        .filter(|(_, values)| lines.len() == 1 || values.iter().any(|(_, value)| *value != 0.0))
        .collect();
    let all = || lines.iter().flat_map(|(_, values)| values);
    let years = all().map(|(years, _)| *years).fold(1.0, f64::max);
    let low = all().map(|(_, value)| *value).fold(f64::INFINITY, f64::min).min(1e300);
    let high = all().map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max).max(-1e300);
    let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
    let room = ((high - low) * 0.08).max(high.abs() * 1e-3).max(1e-6);
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 22))
        .margin(16)
        .margin_right(44)
        .x_label_area_size(44)
        .y_label_area_size(84)
        .build_cartesian_2d(0.0..years, low - room..high + room)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .label_style(TEXT)
        .x_desc("years")
        .x_labels(6)
        .y_labels(6)
        .x_label_formatter(&|years| format!("{years:.0}"))
        .y_label_formatter(&|value| number(*value, high - low))
        .draw()?;
    for (index, (label, values)) in lines.iter().enumerate() {
        let colour = Palette99::pick(index).to_rgba();
        let line = LineSeries::new(values.iter().copied(), colour.stroke_width(2));
        chart
            .draw_series(line)?
            .label(*label)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    if lines.len() > 1 {
        let legend = chart.configure_series_labels();
        let mut legend = legend;
        legend
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.8))
            .label_font(TEXT)
            .draw()?;
    }
    Ok(())
}

/// As many digits as tell labels of a range apart.
fn number(value: f64, range: f64) -> String {
    if range >= 1e5 {
        return format!("{value:.1e}");
    }
    let digits = (1.5 - range.max(1e-6).log10()).clamp(0.0, 6.0) as usize;
    format!("{value:.digits$}")
}
