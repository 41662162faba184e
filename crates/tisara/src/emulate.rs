//! `tisara emulate`: the stand-in for Meta's Cloud API, alone.

use crate::{
    cli::{Emulate, Pace},
    config::{Format, Logging},
    exit::Failure,
    listen, logging, setup, stop, terminal,
};
use std::{net::SocketAddr, path::Path};
use tisara_emulator::{Emulator, Settings, World, settings::Throughput};
use tokio_util::sync::CancellationToken;

/// Runs the command.
pub async fn run(args: &Emulate) -> anyhow::Result<()> {
    let mut settings = settings(args)?;
    if args.print_settings {
        terminal::out(serde_json::to_string_pretty(&settings)?);
        return Ok(());
    }
    logging::start(&Logging { level: "warn,tisara_emulator=info".to_owned(), format: Format::Text });
    let listener = listen::bind(SocketAddr::new(args.host, args.port)).await?;
    let address = listener.local_addr()?;
    if settings.public_url == Settings::default().public_url {
        settings.public_url = format!("http://{address}");
    }
    let webhooks = settings.world.apps.first().and_then(|app| app.callback_url.clone());
    let is_default_world = settings.world == with_webhooks(World::default(), webhooks.as_deref());
    let emulator = Emulator::new(settings, setup::ambient()?);
    let cancel = CancellationToken::new();
    let deliveries = tokio::spawn(emulator.run_deliveries(cancel.clone()));

    terminal::say(format_args!("emulating Meta's Cloud API at http://{address}/"));
    if is_default_world {
        terminal::say(format_args!(
            "  account {}   number {}   token {}",
            World::WABA_ID,
            World::NUMBER_ID,
            World::TOKEN
        ));
        terminal::say(format_args!(
            "  app secret {}   verify token {}",
            World::APP_SECRET,
            World::VERIFY_TOKEN
        ));
    }
    match webhooks {
        Some(url) => terminal::say(format_args!("  webhooks go to {url}")),
        None => terminal::say("  webhooks go nowhere: give --webhook-url"),
    }
    terminal::say(format_args!("  report: http://{address}/_emulator/report"));

    tokio::select! {
        asked = stop::asked() => asked?,
        ended = emulator.serve(listener, cancel.clone()) => ended?,
    }
    cancel.cancel();
    let _ = deliveries.await;
    Ok(())
}

fn settings(args: &Emulate) -> Result<Settings, Failure> {
    let mut settings = match &args.settings {
        Some(path) => read(path)?,
        None => Settings::default(),
    };
    if let Some(seed) = args.seed {
        settings.seed = seed;
    }
    if let Some(pace) = args.pace {
        settings.behaviour.pace.messages_per_second = throughput(pace);
    }
    settings.world = with_webhooks(settings.world, args.webhook_url.as_ref().map(url::Url::as_str));
    Ok(settings)
}

fn read(path: &Path) -> Result<Settings, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::usage(format!("the settings file {} cannot be read: {e}", path.display())))?;
    serde_json::from_str(&text).map_err(|e| {
        Failure::usage(format!("{} does not hold the emulator's settings: {e}", path.display()))
            .todo("`tisara emulate --print-settings` prints them all with their defaults.")
    })
}

fn with_webhooks(mut world: World, url: Option<&str>) -> World {
    if let (Some(app), Some(url)) = (world.apps.first_mut(), url) {
        app.callback_url = Some(url.to_owned());
    }
    world
}

/// A pace of the command line in the emulator's terms.
#[must_use]
pub fn throughput(pace: Pace) -> Throughput {
    match pace {
        Pace::PerSecond(n) => Throughput::PerSecond(n),
        Pace::Max => Throughput::Max,
    }
}
