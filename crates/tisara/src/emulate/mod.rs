//! `tisara emulate`: the stand-in for Meta's Cloud API, alone.

mod script;

use crate::{
    cli::{Emulate, Pace},
    config::{Format, Logging},
    exit::Failure,
    listen, logging, setup, stop, terminal,
};
use std::{net::SocketAddr, path::Path};
use tisara_domain::Timestamp;
use tisara_emulator::{Emulator, ManualClock, Settings, World, settings::Throughput};
use tokio_util::sync::CancellationToken;

/// Where a clock of a script begins when nobody says: 2026-01-01, midnight UTC.
const SCRIPT_BEGINS: Timestamp = Timestamp::from_seconds(1_767_225_600);

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
    let cancel = CancellationToken::new();
    let stands_at = args.clock.or(args.script.as_ref().map(|_| SCRIPT_BEGINS));
    let token = settings.world.tokens.first().map(|t| t.token.clone());
    let (emulator, deliveries) = match stands_at {
        // Webhooks go out while the clock is moved, and at no other time: so every run is the same.
        Some(at) => (Emulator::manual(settings, ManualClock::at(at)), None),
        None => {
            let emulator = Emulator::new(settings, setup::ambient()?);
            let deliveries = tokio::spawn(emulator.run_deliveries(cancel.clone()));
            (emulator, Some(deliveries))
        }
    };
    if let Some(path) = &args.script {
        let calls = script::read(path)?;
        let serving = tokio::spawn(async move { emulator.serve(listener, cancel).await });
        let played = script::play(&format!("http://{address}"), token.as_deref(), &calls).await?;
        serving.abort();
        return script::write(&played, args.report.as_deref());
    }

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
    if let Some(at) = stands_at {
        terminal::say(format_args!("  the clock stands at {at}: POST /_emulator/clock/advance moves it"));
    }
    terminal::say(format_args!("  report: http://{address}/_emulator/report"));

    tokio::select! {
        asked = stop::asked() => asked?,
        ended = emulator.serve(listener, cancel.clone()) => ended?,
    }
    cancel.cancel();
    if let Some(deliveries) = deliveries {
        let _ = deliveries.await;
    }
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
