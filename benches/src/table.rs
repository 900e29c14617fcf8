//! Times and how they are printed.

/// The middle one.
pub fn median(mut times: Vec<f64>) -> f64 {
    quantile(&mut times, 0.5)
}

/// The one below which this share of the times lies.
pub fn quantile(times: &mut [f64], share: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    let last = times.len().saturating_sub(1);
    times.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
}

/// The order of turns: another one begins each round, and every other round runs backwards, so that
/// nobody always follows the same.
pub fn turns(count: usize, round: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |turn| {
        let turn = if round.is_multiple_of(2) { turn } else { count - 1 - turn };
        (turn + round) % count
    })
}

/// A table with a title, as Markdown.
pub fn print(title: &str, compared: &str, heading: &[&str], rows: &[Vec<String>]) {
    println!("\n### {title}\n\n{compared}\n");
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([heading[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heading.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        print!("|");
        for (column, (cell, &width)) in cells.iter().zip(&widths).enumerate() {
            if column == 0 { print!(" {cell:<width$} |") } else { print!(" {cell:>width$} |") }
        }
        println!();
    };
    line(heading.to_vec());
    let rule = |(column, &width): (usize, &usize)| {
        let dashes = "-".repeat(width + 1);
        if column == 0 { format!("{dashes}-|") } else { format!("{dashes}:|") }
    };
    println!("|{}", widths.iter().enumerate().map(rule).collect::<String>());
    rows.iter().for_each(|row| line(row.iter().map(String::as_str).collect()));
}

/// A ratio of times, theirs to ours: above 1 ours takes less.
pub fn ratio(ratio: f64) -> String {
    if ratio < 0.995 { format!("{ratio:.2} loses") } else { format!("{ratio:.2}") }
}
