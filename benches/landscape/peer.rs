//! fastscapelib, in a Python process that does one step whenever it is told to.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

pub struct Peer {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    pub fn start() -> Self {
        let python = env::var_os("BLUEMARBLE_PYTHON")
            .expect("BLUEMARBLE_PYTHON names a Python with the package fastscapelib");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/landscape/fastscapelib_peer.py");
        let mut child = Command::new(python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python runs");
        let commands = child.stdin.take().expect("piped");
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, commands, answers }
    }

    pub fn ask(&mut self, command: &str) -> String {
        writeln!(self.commands, "{command}").expect("Python listens");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("Python answers");
        assert!(!answer.is_empty(), "Python has ended: see above");
        answer.trim().to_owned()
    }

    /// Seconds of a step.
    pub fn step(&mut self) -> f64 {
        self.ask("step").parse().expect("seconds")
    }

    pub fn heights(&mut self, path: &Path) -> Vec<f64> {
        self.ask(&format!("save {}", path.display()));
        let bytes = std::fs::read(path).expect("heights");
        let (numbers, _) = bytes.as_chunks::<8>();
        numbers.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
