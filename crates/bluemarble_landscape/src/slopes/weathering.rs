//! [`Weathering`]: rock becomes soil, the faster the less of it lies on top.

use serde::{Deserialize, Serialize};

/// Rock turns into soil at `bare_m_per_year` where none lies, and slower by a factor of e for each `depth_m` of soil
/// (Heimsath and others 1997, doi 10.1038/41056).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weathering {
    /// In metres a year.
    pub bare_m_per_year: f64,
    /// In metres.
    pub depth_m: f64,
}

impl Default for Weathering {
    fn default() -> Self {
        Self { bare_m_per_year: 8e-5, depth_m: 0.5 }
    }
}

/// The gas constant in J/(mol K), and what it takes to start a reaction of granite, in J/mol (White and Blum 1995, doi
/// 10.1016/0016-7037(95)00078-E).
const GAS: f64 = 8.314;
const ACTIVATION: f64 = 59_000.0;
const USUAL_KELVIN: f64 = 283.15;
const USUAL_RAIN_M: f64 = 1.0;

impl Weathering {
    /// The same under another climate: warm and wet ground weathers faster. The usual one has 10 °C and a metre of rain a year.
    pub fn under(self, celsius: f64, rain_m_per_year: f64) -> Self {
        let kelvin = (celsius + 273.15).max(1.0);
        let warmth = (ACTIVATION / GAS * (1.0 / USUAL_KELVIN - 1.0 / kelvin)).exp();
        let wetness = rain_m_per_year.max(0.0) / USUAL_RAIN_M;
        Self { bare_m_per_year: self.bare_m_per_year * warmth * wetness, ..self }
    }

    /// How thick soil lies after some years, of which there was `soil_m`, if none is taken away: exact for any time. The
    /// ground keeps its height, the rock below it sinks.
    pub fn soil_after_m(&self, soil_m: f64, years: f64) -> f64 {
        // The integral of dh/dt = rate e^(-h/depth), without a large power.
        let grown = self.bare_m_per_year * years / self.depth_m * (-soil_m / self.depth_m).exp();
        soil_m + self.depth_m * grown.ln_1p()
    }

    /// How thick soil lies where as much is made as is taken away; `None` where it is taken away faster than it is made.
    pub fn steady_soil_m(&self, taken_m_per_year: f64) -> Option<f64> {
        let soil_m = self.depth_m * (self.bare_m_per_year / taken_m_per_year).ln();
        (soil_m >= 0.0).then_some(soil_m)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soil_that_is_taken_away_as_fast_as_it_is_made_is_as_thick_as_the_law_says() {
        let weathering = Weathering::default();
        let (taken, years) = (2e-5, 10.0);
        let mut soil = 0.0;
        for _ in 0..100_000 {
            soil = (weathering.soil_after_m(soil, years) - taken * years).max(0.0);
        }
        let exact = weathering.steady_soil_m(taken).expect("less than is made");
        println!("soil off {:.1e}", soil / exact - 1.0);
        assert!((soil / exact - 1.0).abs() < 1e-3);
        assert_eq!(weathering.steady_soil_m(1e-4), None);
    }

    #[test]
    fn one_long_step_is_many_short_ones() {
        let weathering = Weathering::default();
        let mut soil = 0.3;
        for _ in 0..1000 {
            soil = weathering.soil_after_m(soil, 50.0);
        }
        assert!((soil / weathering.soil_after_m(0.3, 50_000.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn warm_and_wet_ground_weathers_faster() {
        let rate = |celsius, rain| Weathering::default().under(celsius, rain).bare_m_per_year;
        assert!((rate(10.0, 1.0) / Weathering::default().bare_m_per_year - 1.0).abs() < 1e-9);
        assert!(rate(25.0, 2.0) > 4.0 * rate(10.0, 1.0) && rate(0.0, 0.1) < 0.1 * rate(10.0, 1.0));
        assert_eq!(rate(25.0, 0.0), 0.0);
    }
}
