//! The header of a `.npy` file, versions 1.0 to 3.0 (NEP 1).

use std::io::{self, Read, Write};

/// How every file begins.
pub const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// No header that means anything is longer.
const MAX_HEADER_BYTES: usize = 1 << 16;

/// What one item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// One byte.
    U8,
    /// Two bytes, the lower first.
    U16Little,
    /// Two bytes, the upper first.
    U16Big,
}

impl Item {
    /// Bytes of one item.
    pub fn bytes(self) -> u64 {
        if self == Self::U8 { 1 } else { 2 }
    }
}

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What one item is.
    pub item: Item,
    /// Whether the first axis, not the last, is the one whose items lie side by side.
    pub fortran_order: bool,
    /// Items along each axis.
    pub shape: Vec<u64>,
    /// Where the items begin, in bytes.
    pub offset: u64,
}

/// Reads the header of a file from its start.
///
/// # Errors
/// One clause that says what is wrong.
pub fn read_header(file: &mut impl Read) -> Result<Header, String> {
    let mut start = [0; 8];
    file.read_exact(&mut start).map_err(short)?;
    if start[..6] != MAGIC[..] {
        return Err("not a .npy file; write it with numpy.save".to_owned());
    }
    let (prefix, length) = match start[6] {
        1 => {
            let mut length = [0; 2];
            file.read_exact(&mut length).map_err(short)?;
            (10, usize::from(u16::from_le_bytes(length)))
        }
        2 | 3 => {
            let mut length = [0; 4];
            file.read_exact(&mut length).map_err(short)?;
            (12, u32::from_le_bytes(length) as usize)
        }
        version => return Err(format!(".npy version {version}; save it as version 1.0 to 3.0")),
    };
    if length > MAX_HEADER_BYTES {
        return Err(format!("a header of {length} bytes; no array needs more than 65536"));
    }
    let mut header = vec![0; length];
    file.read_exact(&mut header).map_err(short)?;
    let text = String::from_utf8(header).map_err(|_| "its header is not text".to_owned())?;
    let item = match field(&text, "descr")?.trim_matches(['\'', '"']) {
        "|u1" | "<u1" | ">u1" | "u1" => Item::U8,
        "<u2" => Item::U16Little,
        ">u2" => Item::U16Big,
        other => {
            return Err(format!("items of type {other}; save it with .astype(\"uint16\")"));
        }
    };
    let fortran_order = match field(&text, "fortran_order")? {
        "True" => true,
        "False" => false,
        other => return Err(format!("fortran_order is `{other}`, expected True or False")),
    };
    let shape = field(&text, "shape")?;
    let number = |text: &str| {
        text.trim().parse::<u64>().map_err(|_| format!("its shape is `{shape}`, expected numbers"))
    };
    let inner = shape.trim_matches(['(', ')']);
    let parts = inner.split(',').filter(|part| !part.trim().is_empty());
    let shape = parts.map(number).collect::<Result<_, _>>()?;
    Ok(Header { item, fortran_order, shape, offset: prefix + length as u64 })
}

fn short(error: io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "cut short in its header; save it again".to_owned(),
        _ => format!("cannot read: {error}"),
    }
}

/// The value of a key of the Python dictionary that a header is.
fn field<'a>(text: &'a str, key: &str) -> Result<&'a str, String> {
    let missing = || format!("its header names no {key}; save it again with numpy.save");
    let at = [format!("'{key}'"), format!("\"{key}\"")]
        .iter()
        .find_map(|quoted| text.find(quoted).map(|at| at + quoted.len()))
        .ok_or_else(missing)?;
    let rest = text[at..].trim_start().strip_prefix(':').ok_or_else(missing)?.trim_start();
    let end = match rest.strip_prefix('(') {
        Some(inner) => inner.find(')').map(|end| end + 2),
        None => rest.find([',', '}']),
    };
    end.and_then(|end| rest.get(..end)).map(str::trim).ok_or_else(missing)
}

/// Writes the header of an array of u16, axes y, z, x.
pub fn write_header(out: &mut impl Write, shape: [u64; 3]) -> io::Result<u64> {
    let [y, z, x] = shape;
    let mut text =
        format!("{{'descr': '<u2', 'fortran_order': False, 'shape': ({y}, {z}, {x}), }}");
    // The items begin at a multiple of 64 bytes.
    let bare = 10 + text.len() + 1;
    text.push_str(&" ".repeat(bare.next_multiple_of(64) - bare));
    text.push('\n');
    out.write_all(MAGIC)?;
    out.write_all(&[1, 0])?;
    // Three numbers of 20 digits at most: far below 65536.
    out.write_all(&(text.len() as u16).to_le_bytes())?;
    out.write_all(text.as_bytes())?;
    Ok(10 + text.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&[1, 0]);
        bytes.extend_from_slice(&(header.len() as u16).to_le_bytes());
        bytes.extend_from_slice(header.as_bytes());
        bytes
    }

    #[test]
    fn a_header_comes_back() {
        let mut bytes = Vec::new();
        let offset = write_header(&mut bytes, [3, 40, 500]).expect("memory");
        assert_eq!((bytes.len() as u64, offset % 64), (offset, 0));
        let header = read_header(&mut bytes.as_slice()).expect("header");
        let expected =
            Header { item: Item::U16Little, fortran_order: false, shape: vec![3, 40, 500], offset };
        assert_eq!(header, expected);
    }

    #[test]
    fn headers_are_read_however_they_are_spelt() {
        let text = r#"{"shape": (7,), "fortran_order": True, "descr": "|u1"}"#;
        let header = read_header(&mut file(text).as_slice()).expect("header");
        assert_eq!((header.item, header.fortran_order, header.shape), (Item::U8, true, vec![7]));
    }

    #[test]
    fn every_start_of_a_file_and_every_wrong_header_is_refused() {
        let mut whole = Vec::new();
        write_header(&mut whole, [1, 2, 3]).expect("memory");
        for end in 0..whole.len() {
            assert!(read_header(&mut &whole[..end]).is_err(), "cut at {end}");
        }
        for (text, said) in [
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 3), }", "<f4"),
            ("{'descr': '<u2', 'fortran_order': 3, 'shape': (1, 2, 3), }", "fortran_order"),
            ("{'descr': '<u2', 'fortran_order': False, 'shape': (1, -2, 3), }", "-2"),
            ("{'descr': '<u2', 'fortran_order': False, 'shape': (1, 2", "shape"),
            ("", "descr"),
        ] {
            let error = read_header(&mut file(text).as_slice()).expect_err(text);
            assert!(error.contains(said), "{text}: {error}");
        }
        let mut huge = MAGIC.to_vec();
        huge.extend_from_slice(&[2, 0, 255, 255, 255, 255]);
        assert!(read_header(&mut huge.as_slice()).expect_err("4 GiB").contains("4294967295"));
    }
}
