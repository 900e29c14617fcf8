//! The globe viewer from outside: what it draws, answers, keeps and refuses.
//!
//! Every test runs the program as a user would, without a window, and looks at its pictures, its picks,
//! its report and the world it leaves behind. A machine without a Vulkan driver fails them all.

mod background;
mod editing;
mod input;
mod looks;
mod places;
mod sight;
mod standing;
mod viewer;
