//! The way to Meta, as the lanes see it: so that a simulation can stand in its place.

use bytes::Bytes;
use futures::{FutureExt as _, future::BoxFuture};
use std::sync::Arc;
use tisara_cloud_api::{AccessToken, CallError, Client, NumberRoute, SendReceipt, client::Gate};

/// What becomes of one send.
pub(crate) type Sending = BoxFuture<'static, Result<SendReceipt, CallError>>;

/// The way to Meta.
pub(crate) trait Wire: Send + Sync {
    /// The way for one number with one token; `None` when Meta's id of it makes no address.
    fn route(&self, number: &str, access: AccessToken) -> Option<Arc<dyn Route>>;
}

/// The way for one number.
pub(crate) trait Route: Send + Sync {
    /// Sends a message that is already written as JSON, if the gate says yes when it is about to leave.
    fn send(&self, body: Bytes, gate: Gate) -> Sending;
}

impl Wire for Client {
    fn route(&self, number: &str, access: AccessToken) -> Option<Arc<dyn Route>> {
        Some(Arc::new(Direct { route: self.number(number).ok()?, access }))
    }
}

struct Direct {
    route: NumberRoute,
    access: AccessToken,
}

impl Route for Direct {
    fn send(&self, body: Bytes, gate: Gate) -> Sending {
        let (route, access) = (self.route.clone(), self.access.clone());
        async move { route.send_body_while(&access, body, gate).await }.boxed()
    }
}
