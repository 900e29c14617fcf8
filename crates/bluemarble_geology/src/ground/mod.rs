//! The ground of a world: read as heights, and changed column by column.
//!
//! | module | what it holds |
//! |---|---|
//! | `descent` | chunks of a column from above, those that hold something |
//! | `square` | [`square::Square`]: 64 x 64 columns of voxels, and where their ground is |
//! | `matter` | [`matter::Matter`]: what materials are to geology |
//! | `survey` | [`survey::survey`]: the height field of an area, and the rock below it |
//! | `carve` | [`carve::carve`]: a change of height becomes columns of voxels |

pub(crate) mod carve;
pub(crate) mod descent;
pub(crate) mod matter;
pub(crate) mod square;
pub(crate) mod survey;
