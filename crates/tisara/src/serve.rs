//! `tisara serve`.

use crate::{cli::Serve, listen, logging, running, setup, stop, terminal};
use std::path::Path;

/// Runs the command.
pub async fn run(file: Option<&Path>, args: &Serve) -> anyhow::Result<()> {
    let mut config = setup::config(file, &args.place)?;
    if let Some(listen) = args.listen {
        config.server.listen = listen;
    }
    if args.print_config {
        terminal::out(config.in_force().trim_end());
        return Ok(());
    }
    logging::start(&config.logging);
    stop::survive_file_limits()?;
    let ambient = setup::ambient()?;
    let listener = listen::bind(config.server.listen).await?;
    let metrics = running::collect_metrics(&ambient)?;
    let mut server = running::start(&config, ambient, listener, Some(metrics)).await?;
    tracing::info!(address = %server.address, public_url = config.public_url(), "serving");
    if config.meta.app_secret.is_none() {
        tracing::warn!("meta.app_secret is not set: every webhook is refused; `tisara doctor` says more");
    }
    tokio::select! {
        asked = stop::asked() => asked?,
        failure = server.ended() => return Err(failure.into()),
    }
    tracing::info!("stopping");
    if server.stop().await {
        tracing::info!("stopped");
    } else {
        tracing::warn!("stopped before everything had ended; the rest is settled at the next start");
    }
    Ok(())
}
