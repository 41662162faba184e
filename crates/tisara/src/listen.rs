//! Taking an address to listen on, with an answer a person can use when it is not to be had.

use crate::exit::Failure;
use std::{io, net::SocketAddr};
use tokio::net::TcpListener;

/// Listens on `address`.
///
/// # Errors
/// What is in the way, and what to do.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|e| refused(address, &e))
}

/// What a refused address means.
#[must_use]
pub fn refused(address: SocketAddr, error: &io::Error) -> Failure {
    let todo = match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "Another program listens there; `ss -ltnp 'sport = :{port}'` names it. Stop it, or choose another \
             port with --listen or server.listen.",
            port = address.port()
        ),
        io::ErrorKind::PermissionDenied => {
            "Ports below 1024 need a right of their own: choose a higher one and let a proxy answer on 443."
                .to_owned()
        }
        io::ErrorKind::AddrNotAvailable => {
            "This machine does not have that address: use 127.0.0.1 or 0.0.0.0.".to_owned()
        }
        _ => "Choose another address with --listen or server.listen.".to_owned(),
    };
    Failure::surroundings(format!("cannot listen on {address}: {error}")).todo(todo)
}
