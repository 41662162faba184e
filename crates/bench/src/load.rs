//! Many clients at once, and how long each call took.

use crate::raw::Connection;
use anyhow::ensure;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tisara_domain::{Ambient, Duration, Timestamp};
use tokio::task::JoinSet;

/// How long calls took.
pub(crate) struct Latencies {
    sorted_us: Vec<u32>,
    /// From the first call to the last answer, in seconds.
    pub(crate) seconds: f64,
}

impl Latencies {
    /// The time that this part of the calls did not exceed, in milliseconds.
    pub(crate) fn at(&self, part: f64) -> f64 {
        let last = self.sorted_us.len().saturating_sub(1);
        let at = (self.sorted_us.len() as f64 * part) as usize;
        self.sorted_us.get(at.min(last)).map_or(0.0, |us| f64::from(*us) / 1_000.0)
    }

    /// Calls a second.
    pub(crate) fn per_s(&self) -> f64 {
        self.sorted_us.len() as f64 / self.seconds
    }
}

/// The calls to make, and how.
pub(crate) struct Load {
    /// Who is called.
    pub(crate) server: SocketAddr,
    /// Clients at once, each with a connection.
    pub(crate) clients: usize,
    /// Calls a second of all clients together; none: as fast as answers come. A call that could not
    /// begin in time counts from when it should have begun.
    pub(crate) per_second: Option<u32>,
    /// The status that every answer must have.
    pub(crate) expected: u16,
}

impl Load {
    /// As fast as answers come, and all of them good.
    pub(crate) const fn at(server: SocketAddr, clients: usize) -> Self {
        Self { server, clients, per_second: None, expected: 200 }
    }

    /// Makes every call once and waits for all answers.
    pub(crate) async fn run(self, calls: Vec<Vec<u8>>, ambient: &Ambient) -> anyhow::Result<Latencies> {
        let (calls, next) = (Arc::new(calls), Arc::new(AtomicUsize::new(0)));
        let began_at = ambient.now();
        let mut clients = JoinSet::new();
        for _ in 0..self.clients {
            let client = Client {
                connection: Connection::open(self.server).await?,
                calls: Arc::clone(&calls),
                next: Arc::clone(&next),
                per_second: self.per_second,
                expected: self.expected,
                began_at,
                ambient: ambient.clone(),
            };
            clients.spawn(client.run());
        }
        let mut sorted_us = Vec::with_capacity(calls.len());
        while let Some(ended) = clients.join_next().await {
            sorted_us.extend(ended??);
        }
        let seconds = ambient.now().since(began_at).as_secs_f64();
        sorted_us.sort_unstable();
        Ok(Latencies { sorted_us, seconds })
    }
}

struct Client {
    connection: Connection,
    calls: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
    per_second: Option<u32>,
    expected: u16,
    began_at: Timestamp,
    ambient: Ambient,
}

impl Client {
    async fn run(mut self) -> anyhow::Result<Vec<u32>> {
        let mut took_us = Vec::new();
        loop {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(call) = self.calls.get(at) else { return Ok(took_us) };
            let due_at = match self.per_second {
                Some(n) => self.began_at.plus(Duration::from_secs_f64(at as f64 / f64::from(n))),
                None => self.ambient.now(),
            };
            let now = self.ambient.now();
            if now < due_at {
                self.ambient.sleep(due_at.since(now)).await;
            }
            let status = self.connection.call(call).await?;
            ensure!(status == self.expected, "the server answered {status}");
            let us = self.ambient.now().since(due_at).as_micros();
            took_us.push(u32::try_from(us).unwrap_or(u32::MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_99th_of_a_hundred_is_the_last_but_one_percent() {
        let latencies = Latencies { sorted_us: (1..=100).map(|ms| ms * 1_000).collect(), seconds: 2.0 };
        assert_eq!((latencies.at(0.5), latencies.at(0.99)), (51.0, 100.0));
        assert_eq!(latencies.per_s(), 50.0);
        assert_eq!(Latencies { sorted_us: vec![], seconds: 1.0 }.at(0.99), 0.0);
    }
}
