//! Being asked to stop: Ctrl-C, or SIGTERM from a service manager.

use crate::exit::{Code, Failure};

/// Ends when somebody asks the process to stop.
///
/// # Errors
/// When the system does not let us listen for signals.
pub async fn asked() -> Result<(), Failure> {
    let no_signals = |e: std::io::Error| Failure::surroundings(format!("no signals from the system: {e}"));
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut term = signal(SignalKind::terminate()).map_err(no_signals)?;
        tokio::select! {
            done = tokio::signal::ctrl_c() => done.map_err(no_signals),
            _ = term.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.map_err(no_signals)
}

/// A file that would grow beyond the limit for this user (`ulimit -f`) is as a full disk: writing fails, and
/// goes on once there is room. Left alone, the system would end the process instead (SIGXFSZ).
///
/// # Errors
/// When the system does not let us listen for signals.
pub fn survive_file_limits() -> Result<(), Failure> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        /// On Linux, macOS and the BSDs.
        const SIGXFSZ: i32 = 25;
        // Listened for once, it never ends the process again.
        signal(SignalKind::from_raw(SIGXFSZ))
            .map(drop)
            .map_err(|e| Failure::surroundings(format!("no signals from the system: {e}")))?;
    }
    Ok(())
}

/// Runs `work` to its end, unless somebody asks to stop.
///
/// # Errors
/// The work's, or that it was interrupted.
pub async fn unless_asked<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::select! {
        done = work => done,
        asked = asked() => {
            asked?;
            Err(Failure::new(Code::Interrupted, "stopped before it was done; what was done is kept").into())
        }
    }
}
