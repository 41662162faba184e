//! The process of `chromedriver`, which starts Chromium and ends it.

use anyhow::{Context as _, bail};
use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    thread,
};

/// A running driver; Chromium ends with it.
#[derive(Debug)]
pub(super) struct Driver {
    child: Child,
    /// Where it listens.
    pub(super) address: SocketAddr,
}

impl Driver {
    pub(super) fn start() -> anyhow::Result<Self> {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver cannot be started; scripts/need chromium installs it and Chromium")?;
        let output = child.stdout.take().context("no output")?;
        let mut lines = BufReader::new(output).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| port(&line));
        // What else it says must not fill the pipe.
        thread::spawn(move || lines.for_each(drop));
        let Some(port) = port else {
            let _ = child.kill();
            bail!("chromedriver did not say where it listens");
        };
        Ok(Self { child, address: SocketAddr::from(([127, 0, 0, 1], port)) })
    }
}

/// The port in `ChromeDriver was started successfully on port 41325.`
fn port(line: &str) -> Option<u16> {
    line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_in_one_line_of_what_it_says() {
        assert_eq!(port("ChromeDriver was started successfully on port 41325."), Some(41_325));
        assert_eq!(port("Starting ChromeDriver 156.0 (be2) on port 0"), None);
    }
}
