//! What stands before several nodes: hands connections on to the one it is told to.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

/// A load balancer as an operator would have one. Stops when dropped.
#[derive(Debug)]
pub struct Front {
    /// Where it listens.
    pub address: SocketAddr,
    to: Arc<Mutex<Target>>,
    _runs: DropGuard,
}

#[derive(Debug)]
struct Target {
    node: SocketAddr,
    /// Cut when another node is chosen: connections to one that stands still would never end.
    connections: CancellationToken,
}

impl Front {
    /// Starts it, before this node.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start(node: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(crate::free_address()?).await?;
        let address = listener.local_addr()?;
        let to = Arc::new(Mutex::new(Target { node, connections: CancellationToken::new() }));
        let stop = CancellationToken::new();
        tokio::spawn(accept(listener, Arc::clone(&to), stop.clone()));
        Ok(Self { address, to, _runs: stop.drop_guard() })
    }

    /// From now on everything goes to this node; what is under way to another is cut off.
    pub fn turn_to(&self, node: SocketAddr) {
        let mut to = self.to.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *to, Target { node, connections: CancellationToken::new() });
        before.connections.cancel();
    }
}

async fn accept(listener: TcpListener, to: Arc<Mutex<Target>>, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        let Ok((mut caller, _)) = accepted else { continue };
        let (node, cut) = {
            let to = to.lock().unwrap_or_else(PoisonError::into_inner);
            (to.node, to.connections.clone())
        };
        tokio::spawn(async move {
            let hand_on = async {
                let mut node = TcpStream::connect(node).await?;
                node.set_nodelay(true)?;
                tokio::io::copy_bidirectional(&mut caller, &mut node).await
            };
            tokio::select! {
                _ = hand_on => {}
                () = cut.cancelled() => {}
            }
        });
    }
}
