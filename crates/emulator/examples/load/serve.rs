//! The emulator alone, on a free port: what `tisara emulate --pace max` runs, without the rest of the program.

use tisara_domain::Ambient;
use tisara_emulator::{Emulator, Settings, settings::Throughput};
use tokio_util::sync::CancellationToken;

/// Serves until it is killed.
pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut settings = Settings { public_url: format!("http://{address}"), ..Settings::default() };
        settings.behaviour.pace.messages_per_second = Throughput::Max;
        let emulator = Emulator::new(settings, Ambient::real().unwrap());
        let cancel = CancellationToken::new();
        tokio::spawn(emulator.run_deliveries(cancel.clone()));
        eprintln!("emulating at http://{address}/");
        emulator.serve(listener, cancel).await.unwrap();
    });
}
