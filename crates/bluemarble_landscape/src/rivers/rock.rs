//! [`Rock`]: what rivers cut into.

/// Rock from some height down to its base.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layer {
    /// How fast it is cut, as a multiple of [`super::Incision::erodibility`]: 0 is never cut.
    pub erodibility: f64,
    /// The height of its base in metres; another layer lies below it.
    pub base_m: f64,
}

/// What the ground is made of.
pub trait Rock: Sync {
    /// The layer of a node whose top is at a height in metres, or the one that holds what lies just below that height.
    fn layer(&self, node: usize, height_m: f64) -> Layer;
}

/// The same rock everywhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct UniformRock;

impl Rock for UniformRock {
    #[inline]
    fn layer(&self, _: usize, _: f64) -> Layer {
        Layer { erodibility: 1.0, base_m: f64::NEG_INFINITY }
    }
}

impl<F: Fn(usize, f64) -> Layer + Sync> Rock for F {
    #[inline]
    fn layer(&self, node: usize, height_m: f64) -> Layer {
        self(node, height_m)
    }
}
