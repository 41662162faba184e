//! Message ids in the manner of Meta's: base64 of a small record that holds the user's number.

use crate::chance::{join, mix};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// What an id says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub(crate) user: u64,
    pub(crate) serial: u64,
    /// Sent by the business.
    pub(crate) outbound: bool,
}

/// The id of the message that a business sent to `user`.
pub(crate) fn outbound(seed: u64, user: u64, serial: u64) -> String {
    write(seed, user, serial, true)
}

/// The id of a message that `user` wrote.
pub(crate) fn inbound(seed: u64, user: u64, serial: u64) -> String {
    write(seed, user, serial, false)
}

// The longest record: 3 + 15 digits + 6 + 20 + 1 bytes.
fn write(seed: u64, user: u64, serial: u64, outbound: bool) -> String {
    use std::io::Write as _;
    let mut record = Vec::with_capacity(48);
    record.extend_from_slice(&[0x1c, 0x18, 0]);
    // Writing to memory does not fail.
    let _ = write!(record, "{user}");
    record[2] = u8::try_from(record.len() - 3).unwrap_or(u8::MAX);
    record.extend_from_slice(&[
        0x15,
        0x02,
        0x00,
        if outbound { 0x11 } else { 0x12 },
        0x18,
        if outbound { 0x12 } else { 0x14 },
    ]);
    let check = check(seed, user, serial, outbound);
    let _ = if outbound {
        write!(record, "{serial:016X}{:02X}", check & 0xff)
    } else {
        write!(record, "{serial:016X}{:04X}", check & 0xffff)
    };
    record.push(0);
    format!("wamid.{}", STANDARD.encode(record))
}

fn check(seed: u64, user: u64, serial: u64, outbound: bool) -> u64 {
    mix(join(join(seed, user), serial) ^ u64::from(outbound))
}

/// Reads an id this emulator made; `None` for any other text.
pub(crate) fn parse(seed: u64, wamid: &str) -> Option<Parsed> {
    let record = STANDARD.decode(wamid.strip_prefix("wamid.")?).ok()?;
    let len = usize::from(*record.get(2)?);
    let user = std::str::from_utf8(record.get(3..3 + len)?).ok()?.parse().ok()?;
    let rest = record.get(3 + len..)?;
    let outbound = *rest.get(3)? == 0x11;
    let serial = u64::from_str_radix(std::str::from_utf8(rest.get(6..22)?).ok()?, 16).ok()?;
    (write(seed, user, serial, outbound) == wamid).then_some(Parsed { user, serial, outbound })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_looks_like_metas_and_reads_back() {
        let id = outbound(1, 16_505_551_234, 7);
        assert!(id.starts_with("wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI"), "{id}");
        assert!(id.len() <= 128);
        assert_eq!(parse(1, &id), Some(Parsed { user: 16_505_551_234, serial: 7, outbound: true }));
        let back = inbound(1, 16_505_551_234, 8);
        assert_eq!(parse(1, &back).map(|p| p.outbound), Some(false));
    }

    #[test]
    fn an_invented_id_is_not_read() {
        for id in ["", "wamid.", "wamid.HBgL", "wamid.AAAA", "x", &outbound(2, 16_505_551_234, 7)] {
            assert_eq!(parse(1, id), None, "{id}");
        }
    }
}
