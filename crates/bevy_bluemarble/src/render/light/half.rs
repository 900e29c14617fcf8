//! Numbers of 16 bits, as textures hold them.

/// The nearest number of 16 bits (IEEE 754) to one that is not negative; above 65,504 that.
pub(super) fn half_bits(value: f32) -> u16 {
    // Smallest normal number: below it steps are all alike.
    const SMALLEST: f32 = 6.103_515_6e-5;
    const STEP: f32 = 5.960_464_5e-8;
    if value.is_nan() || value <= 0.0 {
        return 0;
    }
    if value < SMALLEST {
        return (value / STEP + 0.5) as u16;
    }
    let bits = value.min(65_504.0).to_bits();
    // Another bias of the exponent, and rounding; a carry goes into the exponent, as it should.
    ((bits - (112 << 23) + 0x1000) >> 13) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(bits: u16) -> f32 {
        let exponent = i32::from(bits >> 10);
        let fraction = f32::from(bits & 1023) / 1024.0;
        if exponent == 0 {
            fraction * 2.0f32.powi(-14)
        } else {
            (1.0 + fraction) * 2.0f32.powi(exponent - 15)
        }
    }

    #[test]
    fn halves_are_as_near_as_they_can_be() {
        for value in [0.0, 1e-7, 3e-6, 6.1e-5, 1e-3, 0.1, 0.333, 0.999, 1.0, 1.7, 1234.5, 65_504.0]
        {
            let near = value_of(half_bits(value));
            assert!((near - value).abs() <= (value * 5e-4).max(3e-8), "{value} {near}");
        }
        assert_eq!(half_bits(-1.0), 0);
        assert_eq!(half_bits(1e9), half_bits(65_504.0));
    }
}
