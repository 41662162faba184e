//! Where to listen.

use anyhow::bail;
use std::net::SocketAddr;
use tisara_domain::Rng;

/// Ports below those that the system gives to outgoing connections: while a server is down, nobody else
/// may come to sit on its port.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A port of this machine that nobody listens on.
///
/// # Errors
/// When none is found.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    let rng = Rng::from_os()?;
    for _ in 0..100 {
        let port = PORTS.start + u16::try_from(rng.below(PORTS.len() as u64))?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if std::net::TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    bail!("no free port between {} and {}", PORTS.start, PORTS.end)
}
