//! Programs that show what the plugin does: see `globe` and `minimal`.
