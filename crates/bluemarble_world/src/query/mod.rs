//! Queries: what a place, a box or a list of places is made of, at any lod, by the cheapest way to the
//! answer.
//!
//! | module | what it holds |
//! |---|---|
//! | `exactness` | [`Exactness`]: how exact an answer must be |
//! | [`QueryPath`], [`Explanation`] | which way was taken and why |
//! | `point` | one material: of a place, at a lod |
//! | `region` | what a box is made of, in as few boxes as possible |
//! | `boxes` | [`HomogeneousBox`]es of one material, and how they are joined |
//! | `sample` | [`Samples`]: a grid over a box |
//! | `cells` | every cell of a box |
//! | `batch` | many places or rays at once, in their order |

mod batch;
mod boxes;
mod cells;
mod exactness;
mod point;
mod region;
mod sample;

pub use boxes::HomogeneousBox;
pub use exactness::Exactness;
pub use sample::Samples;

#[cfg(test)]
mod tests;
