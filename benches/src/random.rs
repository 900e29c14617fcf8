//! Numbers that look random and are the same each time.

/// As good as needed here (`SplitMix64`, Steele et al. 2014).
pub struct Random(pub u64);

impl Random {
    /// 64 bits.
    pub fn bits64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ bits >> 31
    }

    /// 0..`end`.
    pub fn below(&mut self, end: i32) -> i32 {
        (self.bits64() % end as u64) as i32
    }

    /// 0..1.
    pub fn share(&mut self) -> f64 {
        (self.bits64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Between the two.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }
}
