//! What `dot_vox` leaves out without a word is found before: chunks that it cannot parse, chunks within
//! chunks.

/// How many chunks of a kind a file has.
pub(super) struct Counts {
    pub models: usize,
    pub nodes: usize,
}

/// Checks that the file is chunks from its beginning to its end.
pub(super) fn check_chunks(bytes: &[u8]) -> Result<Counts, String> {
    if bytes.get(..4) != Some(b"VOX ") {
        return Err("not a MagicaVoxel file (it does not begin with `VOX `)".to_owned());
    }
    let cut = || "cut short".to_owned();
    let number = |at: usize| -> Result<u32, String> {
        let bytes = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map(u32::from_le_bytes).ok_or_else(cut)
    };
    if bytes.get(8..12).ok_or_else(cut)? != b"MAIN" {
        return Err("it has no MAIN chunk".to_owned());
    }
    let mut at = 20u64 + u64::from(number(12)?);
    let end = at + u64::from(number(16)?);
    if end > bytes.len() as u64 {
        return Err(cut());
    }
    let mut counts = Counts { models: 0, nodes: 0 };
    let mut sizes = 0;
    while at < end {
        // Less than the length of the file.
        let here = at as usize;
        let (content, children) = (number(here + 4)?, number(here + 8)?);
        at += 12 + u64::from(content);
        if at > end || children != 0 {
            return Err("a chunk reaches out of the file or into another".to_owned());
        }
        match &bytes[here..here + 4] {
            b"SIZE" => sizes += 1,
            b"XYZI" => {
                counts.models += 1;
                if sizes < counts.models {
                    return Err(format!("model {} has no size", counts.models - 1));
                }
            }
            b"nTRN" | b"nGRP" | b"nSHP" => {
                if content < 4 || number(here + 12)? as usize != counts.nodes {
                    return Err("the nodes of its scene are not numbered in order".to_owned());
                }
                counts.nodes += 1;
            }
            b"RGBA" if content != 1024 => {
                return Err(format!("its palette has {content} bytes, expected 1024"));
            }
            _ => {}
        }
    }
    Ok(counts)
}
