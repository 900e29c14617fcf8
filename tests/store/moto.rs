//! The S3 server of these tests: moto, one process for all of them.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use bluemarble_store::{StoreOptions, WorldLocation};

/// The port of the server, which is started if it is not running. It ends with this process, even if
/// that is killed: then its input is closed.
pub fn port() -> u16 {
    static SERVER: OnceLock<(Child, u16)> = OnceLock::new();
    SERVER.get_or_init(start).1
}

fn start() -> (Child, u16) {
    let python = env::var_os("BLUEMARBLE_PYTHON").map(PathBuf::from).unwrap_or_else(|| {
        let home = env::var_os("HOME").expect("a home directory");
        PathBuf::from(home).join(".cache/bluemarble/python/bin/python")
    });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/store/s3_server.py");
    let mut server = Command::new(&python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("{}: {error}; ./scripts/test.sh makes it", python.display())
        });
    let mut line = String::new();
    let out = server.stdout.take().expect("piped");
    BufReader::new(out).read_line(&mut line).expect("reads");
    let mut errors = server.stderr.take().expect("piped");
    let Ok(port) = line.trim().parse() else {
        let mut said = String::new();
        errors.read_to_string(&mut said).expect("reads");
        panic!("{}: no moto: {said}; ./scripts/test.sh installs it", python.display());
    };
    // It logs every request; nobody reads that.
    std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
    (server, port)
}

/// A bucket nobody else has.
pub fn new_bucket() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let bucket = format!("worlds-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    request("PUT", &format!("/{bucket}"), "");
    // Anybody may read, so that it serves as a web server too.
    let policy = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": "*",
            "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::{bucket}/*"}}]}}"#
    );
    request("PUT", &format!("/{bucket}?policy"), &policy);
    bucket
}

/// A world in a bucket.
pub fn location(bucket: &str) -> WorldLocation {
    format!("s3://{bucket}/planets/earth").parse().expect("a location")
}

/// How to reach the server through a port, for a bucket that is its own region.
pub fn options(port: u16) -> StoreOptions {
    let mut options = StoreOptions::default();
    let settings = [
        ("endpoint", format!("http://127.0.0.1:{port}")),
        ("allow_http", "true".to_owned()),
        ("region", "us-east-1".to_owned()),
        ("access_key_id", "someone".to_owned()),
        ("secret_access_key", "something".to_owned()),
    ];
    options.settings = settings.map(|(key, value)| (key.to_owned(), value)).to_vec();
    options
}

/// moto looks whether there is a signature, not whether it is right.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=someone/20200101/us-east-1/s3/aws4_request, \
    SignedHeaders=host, Signature=0";

/// One plain request, past our own client; the body of the answer.
pub fn request(method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port())).expect("a server");
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\
         Authorization: {AUTHORIZATION}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 20"), "{method} {path}: {head}");
    body.to_owned()
}
