//! The octaves of plain noise: the low ones that shape mountains, and the texture of the ground.

use glam::{DMat3, DVec3, Mat3, Vec3, dvec3};

use crate::noise::{NoiseCell, mix};

/// A lod shows octaves that are at least this many of its cells long: shorter ones make steps of single cells,
/// which cost faces and flicker.
pub(super) const SHOWN_CELLS: f64 = 4.0;

/// A place, turned as octaves need it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turned(pub [DVec3; 3]);

/// No axis of the noise may lie along a face of the cube or along the axis of the globe.
pub(super) fn rotations() -> [DMat3; 3] {
    [(0.9, 0.5, 0.3), (2.1, 1.3, 0.7), (0.4, 2.2, 1.9)]
        .map(|(a, b, c)| DMat3::from_euler(glam::EulerRot::XYZ, a, b, c))
}

/// Where the lattice of an octave begins, in cells.
pub(super) fn offset(seed: u64) -> DVec3 {
    let part = |k: u64| (mix(seed ^ k) >> 44) as f64 / 1024.0;
    dvec3(part(1), part(2), part(3))
}

/// One octave.
#[derive(Clone, Copy)]
pub(super) struct Octave {
    pub wavelength_m: f64,
    per_metre: f64,
    seed: u64,
    offset: DVec3,
    rotation: usize,
    /// How much of it there is, in two sums.
    pub amplitudes: [f64; 2],
}

/// A list of octaves, longest first.
pub(super) struct Octaves {
    pub list: Vec<Octave>,
    rotations: [DMat3; 3],
    /// From the axes of an octave to those of the world.
    back: [Mat3; 3],
}

impl Octaves {
    /// Octaves by wavelength in metres, with what they add to either sum.
    pub fn new(seed: u64, octaves: impl IntoIterator<Item = (f64, [f64; 2])>) -> Self {
        let octave = |(index, (wavelength_m, amplitudes)): (usize, (f64, [f64; 2]))| {
            let seed = mix(seed.wrapping_add(0x51_7cc1 * (index as u64 + 1)));
            Octave {
                wavelength_m,
                per_metre: 1.0 / wavelength_m,
                seed,
                offset: offset(seed),
                rotation: index % 3,
                amplitudes,
            }
        };
        let list = octaves.into_iter().enumerate().map(octave).collect();
        let rotations = rotations();
        Self { list, rotations, back: rotations.map(|rotation| rotation.transpose().as_mat3()) }
    }

    /// A place in metres, to ask samplers of. It is the same for all lists.
    #[inline]
    pub fn turned(&self, place_m: DVec3) -> Turned {
        Turned(self.rotations.map(|rotation| rotation * place_m))
    }

    /// How many octaves cells of a width can show: those at least [`SHOWN_CELLS`] long.
    pub fn count_for(&self, cell_m: f64) -> usize {
        self.list.iter().take_while(|octave| octave.wavelength_m >= SHOWN_CELLS * cell_m).count()
    }

    /// The noise of one octave at a place on its own.
    pub fn value_at(&self, turned: &Turned, index: usize) -> f64 {
        let octave = &self.list[index];
        let place = turned.0[octave.rotation] * octave.per_metre + octave.offset;
        f64::from(NoiseCell::new(octave.seed).value(place))
    }

    pub fn sampler(&self) -> OctavesSampler<'_> {
        let cells = self.list.iter().map(|octave| NoiseCell::new(octave.seed)).collect();
        OctavesSampler { octaves: self, cells }
    }
}

/// What [`Octaves`] remember between neighbouring places.
pub(super) struct OctavesSampler<'a> {
    octaves: &'a Octaves,
    cells: Vec<NoiseCell>,
}

impl OctavesSampler<'_> {
    /// What octaves `from..to` add to both sums.
    #[inline]
    pub fn sums(&mut self, turned: &Turned, [from, to]: [usize; 2]) -> [f64; 2] {
        let mut sums = [0.0; 2];
        for index in from..to {
            let value = self.value(turned, index);
            let octave = &self.octaves.list[index];
            sums[0] += value * octave.amplitudes[0];
            sums[1] += value * octave.amplitudes[1];
        }
        sums
    }

    /// The noise of one octave.
    #[inline]
    pub fn value(&mut self, turned: &Turned, index: usize) -> f64 {
        let octave = &self.octaves.list[index];
        f64::from(
            self.cells[index].value(turned.0[octave.rotation] * octave.per_metre + octave.offset),
        )
    }

    /// The first three octaves as a vector.
    pub fn vector(&mut self, turned: &Turned) -> DVec3 {
        let component = |index: usize| self.octaves.list[index].amplitudes[0];
        let [x, y, z] = [component(0), component(1), component(2)];
        dvec3(x * self.value(turned, 0), y * self.value(turned, 1), z * self.value(turned, 2))
    }

    /// The first three octaves as a vector, with the gradients of its components per metre, along the axes
    /// of the world.
    pub fn vector_and_slopes(&mut self, turned: &Turned) -> (DVec3, [Vec3; 3]) {
        let [(x, of_x), (y, of_y), (z, of_z)] =
            [0, 1, 2].map(|index| self.sum_and_slope(turned, [index, index + 1]));
        (dvec3(x, y, z), [of_x, of_y, of_z])
    }

    /// The first sum of octaves `from..to` and its gradient per metre, along the axes of the world.
    pub fn sum_and_slope(&mut self, turned: &Turned, [from, to]: [usize; 2]) -> (f64, Vec3) {
        let (mut sum, mut slope) = (0.0, Vec3::ZERO);
        for index in from..to {
            let octave = &self.octaves.list[index];
            let place = turned.0[octave.rotation] * octave.per_metre + octave.offset;
            let (value, gradient) = self.cells[index].value_and_slope(place);
            sum += f64::from(value) * octave.amplitudes[0];
            let per_metre = octave.amplitudes[0] * octave.per_metre;
            slope += self.octaves.back[octave.rotation] * gradient * per_metre as f32;
        }
        (sum, slope)
    }
}
