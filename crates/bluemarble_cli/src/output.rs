//! Standard output: lines, tables and JSON.

use std::io::{self, Write};

use serde::Serialize;

use crate::failure::Failure;

/// Prints lines and makes sure that they are out.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let all = writeln!(out, "{text}").and_then(|()| out.flush());
    all.map_err(|error| Failure::output(&error))
}

/// Prints a value as indented JSON.
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::new(format!("cannot write the result as JSON: {error}")))?;
    print(&text)
}

/// Prints a result: as JSON if that was asked for, else as text.
pub fn print_result(json: bool, value: &impl Serialize, text: &str) -> Result<(), Failure> {
    if json { print_json(value) } else { print(text) }
}

/// Says something beside the result.
pub fn note(text: &str) {
    // Nothing depends on a note being read.
    let _ = writeln!(io::stderr(), "note: {text}");
}

/// Bytes as a person reads them.
pub fn human_bytes(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

/// Rows under a heading, in columns: the first to the left, the others to the right.
pub fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(heading.get(column).map(|cell| cell.len())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heading.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let cells = cells.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(heading.to_vec())];
    lines.extend(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())));
    lines.join("\n")
}
