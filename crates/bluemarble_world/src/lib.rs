//! The one door to a world: read, edit, query, pick
