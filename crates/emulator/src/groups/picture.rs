//! A group's picture: Meta takes square JPEGs from 192 pixels on.

use crate::graph::{GraphError, Outcome};

const LARGEST: usize = 5 << 20;
const LEAST: u16 = 192;

/// Refuses what cannot be a group's picture.
pub(super) fn check(bytes: &[u8]) -> Outcome<()> {
    if bytes.len() > LARGEST {
        return Err(GraphError::invalid("The picture has more than 5 MB."));
    }
    let Some((width, height)) = size(bytes) else {
        return Err(GraphError::invalid("The picture must be a JPEG file."));
    };
    if width != height {
        return Err(GraphError::new(131_209).details(format!("The picture has {width} by {height} pixels.")));
    }
    if width < LEAST {
        return Err(
            GraphError::new(131_210).details(format!("The picture has {width} pixels, {LEAST} are needed."))
        );
    }
    Ok(())
}

/// Width and height from the frame header of a JPEG.
fn size(bytes: &[u8]) -> Option<(u16, u16)> {
    if bytes.get(..2)? != [0xff, 0xd8] {
        return None;
    }
    let mut at = 2;
    loop {
        let head = bytes.get(at..at + 4)?;
        let (marker, length) = (head[1], usize::from(u16::from_be_bytes([head[2], head[3]])));
        if head[0] != 0xff {
            return None;
        }
        // Start of frame, in any coding but the tables' and arithmetic's own markers.
        if (0xc0..=0xcf).contains(&marker) && ![0xc4, 0xc8, 0xcc].contains(&marker) {
            let frame = bytes.get(at + 5..at + 9)?;
            return Some((
                u16::from_be_bytes([frame[2], frame[3]]),
                u16::from_be_bytes([frame[0], frame[1]]),
            ));
        }
        at += 2 + length.max(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg(width: u16, height: u16) -> Vec<u8> {
        let mut all = vec![0xff, 0xd8, 0xff, 0xe0, 0x00, 0x04, 0x00, 0x00, 0xff, 0xc0, 0x00, 0x11, 0x08];
        all.extend(height.to_be_bytes());
        all.extend(width.to_be_bytes());
        all
    }

    #[test]
    fn pictures_are_square_large_enough_and_jpegs() {
        let code = |bytes: &[u8]| check(bytes).map_or_else(|e| e.code, |()| 0);
        assert_eq!(code(&jpeg(200, 200)), 0);
        assert_eq!(code(&jpeg(200, 300)), 131_209);
        assert_eq!(code(&jpeg(100, 100)), 131_210);
        assert_eq!(code(b"\x89PNG"), 100);
        assert_eq!(code(&[0xff, 0xd8, 0xff]), 100);
    }
}
