//! Writes the seeds of the fuzz corpora and changed ones into `fuzz/corpus`, beside what is there; see `fuzz/README.md`.

use std::{fs, io, path::Path};

#[expect(dead_code, reason = "only the seeds are used here")]
#[path = "../../../fuzz/src/lib.rs"]
mod fuzz;

fn main() -> io::Result<()> {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for seed in fuzz::seeds::seeds().into_iter().chain(fuzz::seeds::mutants()) {
        let folder = corpora.join(seed.target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(seed.name), seed.bytes)?;
    }
    Ok(())
}
