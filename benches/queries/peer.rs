//! A peer that is a program of its own: it is asked line by line and times itself.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use crate::corpus::SIZE;

pub struct Peer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts a program over the files that [`crate::corpus::Corpus::write`] has written.
    ///
    /// # Errors
    /// A sentence that says what the program lacks.
    pub fn start(program: &[&str], dir: &Path) -> Result<Self, String> {
        let [x, y, z] = SIZE.to_array().map(|size| size.to_string());
        let mut child = Command::new(program[0])
            .args(&program[1..])
            .arg(dir)
            .args([x, y, z])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}; run scripts/bench-queries.sh", program[0]))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("{}: has no pipes", program[0]));
        };
        let mut peer = Self { child, input, output: BufReader::new(output) };
        match peer.line()?.as_str() {
            "ready" => Ok(peer),
            other => Err(format!("{}: says `{other}` in place of `ready`", program[0])),
        }
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line).map_err(|error| error.to_string())?;
        let line = line.trim().to_owned();
        if read == 0 || line.starts_with("error") {
            return Err(format!("the peer has stopped or refuses: {line}"));
        }
        Ok(line)
    }

    /// Asks one question and returns the number after a word of the answer.
    pub fn ask(&mut self, question: &str, word: &str) -> f64 {
        Self::number(&self.answer(question), word)
    }

    /// The number after a word of an answer.
    pub fn number(answer: &str, word: &str) -> f64 {
        let mut words = answer.split_whitespace();
        let number = words.find(|&found| found == word).and_then(|_| words.next()?.parse().ok());
        number.unwrap_or_else(|| panic!("`{answer}` has no {word}"))
    }

    /// Asks one question.
    pub fn answer(&mut self, question: &str) -> String {
        writeln!(self.input, "{question}")
            .and_then(|()| self.input.flush())
            .map_err(|error| error.to_string())
            .and_then(|()| self.line())
            .unwrap_or_else(|error| panic!("{question}: {error}"))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
