//! The server runs, ends by itself, and has saved what it built.

use std::process::Command;

#[test]
fn a_server_without_a_renderer_drops_a_ball_on_its_wall_saves_it_and_finds_it_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("world");
    for _ in 0..2 {
        let run = Command::new(env!("CARGO_BIN_EXE_new_server")).arg(&dir).output();
        let run = run.expect("it runs");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        assert!(dir.join("region0/lod0/c").is_dir(), "no shard was written");
    }
}
