//! A network that fails: stands between the client and the server.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use crate::moto;

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It reaches the server and is answered.
    Pass,
    /// The connection closes; the server never hears of it.
    Unheard,
    /// The server does it; the connection closes without an answer.
    Unanswered,
    /// The server does it; the answer says that it was too busy.
    DoneButBusy,
    /// The server is too busy, and does nothing.
    Busy,
    /// Half of the answer's body comes, then the connection closes.
    Half,
}

type Script = Box<dyn FnMut(&str, &str) -> Fate + Send>;

/// A proxy on a port of its own.
pub struct Proxy {
    pub port: u16,
    script: Arc<Mutex<Script>>,
}

impl Proxy {
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(|_, _| Fate::Pass)));
        let shared = Arc::clone(&script);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let script = Arc::clone(&shared);
                thread::spawn(move || serve(client, &script));
            }
        });
        Self { port, script }
    }

    /// From now on this decides, by method and path.
    pub fn script(&self, script: impl FnMut(&str, &str) -> Fate + Send + 'static) {
        *self.script.lock().expect("whole") = Box::new(script);
    }

    /// The first request that matches fares so, everything else well.
    pub fn once(&self, method: &'static str, path_part: &'static str, fate: Fate) {
        let mut waiting = true;
        self.script(move |at_method, path| {
            let hit = waiting && at_method == method && path.contains(path_part);
            waiting &= !hit;
            if hit { fate } else { Fate::Pass }
        });
    }
}

const BUSY: &[u8] = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// One request of one connection.
fn serve(client: TcpStream, script: &Mutex<Script>) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut head)? == 0 {
            return Ok(());
        }
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let mut words = text.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let fate = (script.lock().expect("whole"))(method, path);
    let mut client = client;
    match fate {
        Fate::Unheard => return client.shutdown(Shutdown::Both),
        Fate::Busy => return client.write_all(BUSY),
        _ => {}
    }
    let mut server = TcpStream::connect(("127.0.0.1", moto::port()))?;
    server.write_all(&head[..head.len() - 2])?;
    server.write_all(b"Connection: close\r\n\r\n")?;
    server.write_all(&body)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(0, |at| at + 4);
    match fate {
        Fate::Unanswered => client.shutdown(Shutdown::Both),
        Fate::DoneButBusy => client.write_all(BUSY),
        Fate::Half => client.write_all(&answer[..head + (answer.len() - head) / 2]),
        _ => client.write_all(&answer),
    }
}
