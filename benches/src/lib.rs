//! Benches that compare Bluemarble with its peers, side by side: see the files beside `src`.
