//! Built nodes become entities, hidden at first, and give way to each other.
//!
//! | file | what it holds |
//! |---|---|
//! | `drawings` | the entities that draw one world |
//! | `receive` | built nodes become entities within the budget of a frame |
//! | `show` | entities are shown and hidden as the cut says |
//! | `fade` | how nodes give way to each other |
//! | `pool` | entities that are used again and again |
//! | `relief` | which node's relief lies where in the shader's buffer |

mod drawings;
mod fade;
mod pool;
mod receive;
mod relief;
mod show;

pub(crate) use self::drawings::WorldDrawings;
pub use self::pool::DrawnNode;
pub(super) use self::{
    drawings::{despawn_orphans, put_all_away},
    receive::receive,
    relief::ReliefSlots,
    show::{measure, show},
};
