//! A real Chromium without a window, for tests of pages that people use: it draws, clicks and types as one does, and
//! says what the page complains of.
//!
//! It is driven by `chromedriver` over WebDriver, which is HTTP and JSON: a handful of commands is all that is needed,
//! and this crate speaks HTTP already. Both programs come from Debian's packages (`scripts/need chromium`).
//!
//! A page changes while one looks at it. So nothing here acts on an element it found earlier: each act looks for its
//! element, and is tried again until it works or patience ends.

mod driver;
mod session;

use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use driver::Driver;
use serde_json::{Value, json};
use session::{Refusal, Session};
use std::path::{Path, PathBuf};
use tisara_domain::{Ambient, Duration, Timestamp};

/// Longest wait for something on a page. Generous: a machine may be busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// Below this width a screen is a phone's, touched and not clicked.
const PHONE_BELOW: u32 = 600;

/// Finds the first visible element for a selector whose text, value or label holds some words.
const FIND: &str = "const [css, words] = arguments;
    return [...document.querySelectorAll(css)].find(e => e.checkVisibility({visibilityProperty: true})
        && (!words || [e.innerText, e.value, e.ariaLabel].some(t => t && t.includes(words)))) || null;";

/// A browser with one window at first. It ends when it is dropped; [`Browser::close`] ends it politely.
#[derive(Debug)]
pub struct Browser {
    session: Session,
    ambient: Ambient,
    width: u32,
    _driver: Driver,
}

impl Browser {
    /// Starts one.
    ///
    /// # Errors
    /// When Chromium or its driver is missing or does not start.
    pub async fn start() -> anyhow::Result<Self> {
        let ambient = Ambient::real()?;
        let driver = Driver::start()?;
        let session = Session::new(driver.address).await?;
        let mut browser = Self { session, ambient, width: 0, _driver: driver };
        browser.resize(1280, 900).await?;
        Ok(browser)
    }

    /// Makes the page so large, in CSS pixels; below 600 wide it is a phone's.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn resize(&mut self, width: u32, height: u32) -> anyhow::Result<()> {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < PHONE_BELOW});
        self.session
            .post("goog/cdp/execute", &json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": size}))
            .await?;
        self.width = width;
        Ok(())
    }

    /// Shows the page in light or dark.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn prefer_dark(&self, dark: bool) -> anyhow::Result<()> {
        let value = if dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.session
            .post("goog/cdp/execute", &json!({"cmd": "Emulation.setEmulatedMedia", "params": features}))
            .await?;
        Ok(())
    }

    /// Goes to an address and waits until it is loaded.
    ///
    /// # Errors
    /// When the page does not load.
    pub async fn open(&self, url: &str) -> anyhow::Result<()> {
        self.session
            .post("url", &json!({ "url": url }))
            .await
            .map(drop)
            .with_context(|| format!("open {url}"))
    }

    /// Waits until an element is to be seen; gives its text. With `words` it must hold them.
    ///
    /// # Errors
    /// When patience ends; the message says what the page shows instead.
    pub async fn see(&self, css: &str, words: &str) -> anyhow::Result<String> {
        let text = self.act(css, words, "text", None).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Clicks an element as soon as it can be clicked: it must be in view and nothing may lie over it.
    ///
    /// # Errors
    /// When patience ends.
    pub async fn click(&self, css: &str, words: &str) -> anyhow::Result<()> {
        self.act(css, words, "click", Some(json!({}))).await.map(drop)
    }

    /// Types into a field, after what is in it; into a file field: the path of a file.
    ///
    /// # Errors
    /// When patience ends.
    pub async fn write(&self, css: &str, text: &str) -> anyhow::Result<()> {
        self.act(css, "", "value", Some(json!({ "text": text }))).await.map(drop)
    }

    /// Empties a field and types into it.
    ///
    /// # Errors
    /// When patience ends.
    pub async fn rewrite(&self, css: &str, text: &str) -> anyhow::Result<()> {
        self.act(css, "", "clear", Some(json!({}))).await?;
        self.write(css, text).await
    }

    /// Runs a function body in the page; `arguments` holds what is given, what it returns is the answer.
    ///
    /// # Errors
    /// When it throws.
    pub async fn run(&self, body: &str, arguments: Value) -> anyhow::Result<Value> {
        let arguments = if arguments.is_array() { arguments } else { json!([arguments]) };
        Ok(self.session.post("execute/sync", &json!({"script": body, "args": arguments})).await?)
    }

    /// The handles of all windows, the oldest first.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn windows(&self) -> anyhow::Result<Vec<String>> {
        let all = self.session.get("window/handles").await?;
        Ok(serde_json::from_value(all)?)
    }

    /// Waits until there are so many windows, and looks into the newest.
    ///
    /// # Errors
    /// When patience ends.
    pub async fn look_into_window(&self, of: usize) -> anyhow::Result<()> {
        let until = self.patience();
        loop {
            let all = self.windows().await?;
            if let (Some(newest), true) = (all.last(), all.len() == of) {
                self.session.post("window", &json!({ "handle": newest })).await?;
                return Ok(());
            }
            if self.ambient.now() > until {
                bail!("there are {} windows and not {of}", all.len());
            }
            self.ambient.sleep(POLL).await;
        }
    }

    /// Draws the page as it is into `target/screens/<name>-<width>.png`, to be looked at; gives the path.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn screenshot(&self, name: &str) -> anyhow::Result<PathBuf> {
        let drawn = self.session.get("screenshot").await?;
        let bytes = STANDARD.decode(drawn.as_str().unwrap_or_default())?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let target = target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"));
        let folder = target.join("screens");
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{name}-{}.png", self.width));
        std::fs::write(&path, bytes)?;
        Ok(path)
    }

    /// What the pages have complained of so far: mistakes in scripts, things that did not load. Each is told once.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn complaints(&self) -> anyhow::Result<Vec<String>> {
        let log = self.session.post("se/log", &json!({"type": "browser"})).await?;
        let severe = log.as_array().into_iter().flatten().filter(|line| line["level"] == "SEVERE");
        Ok(severe.filter_map(|line| line["message"].as_str().map(str::to_owned)).collect())
    }

    /// What does not fit: elements that reach beyond the screen, or beyond a box that hides the rest of them, by tag
    /// and id. What stands in a strip that moves sideways in itself does not count.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn sticks_out(&self) -> anyhow::Result<Vec<String>> {
        let body = "const strip = e => ['auto', 'scroll'].includes(getComputedStyle(e).overflowX);
            const edge = e => { for (let p = e.parentElement; p; p = p.parentElement) {
                if (strip(p) && p.scrollWidth > p.clientWidth) return Infinity;
                if (['hidden', 'clip'].includes(getComputedStyle(p).overflowX)) return p.getBoundingClientRect().right; }
                return document.documentElement.clientWidth; };
            return [...document.body.querySelectorAll('*')].filter(e => e.checkVisibility())
                .filter(e => e.getBoundingClientRect().right > edge(e) + 1).map(e => e.tagName.toLowerCase() + (e.id ? '#' + e.id : ''));";
        Ok(serde_json::from_value(self.run(body, json!([])).await?)?)
    }

    /// Ends the browser.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn close(self) -> anyhow::Result<()> {
        Ok(self.session.end().await?)
    }

    fn patience(&self) -> Timestamp {
        self.ambient.now().plus(PATIENCE)
    }

    /// One command on the element that is there at that moment, until it succeeds.
    async fn act(&self, css: &str, words: &str, what: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let until = self.patience();
        loop {
            let refusal = match self.try_act(css, words, what, body.as_ref()).await {
                Ok(answer) => return Ok(answer),
                Err(refusal) if refusal.may_pass() => refusal,
                Err(refusal) => return Err(refusal.into()),
            };
            if self.ambient.now() > until {
                let shown = self.run("return document.body.innerText", json!([])).await.unwrap_or_default();
                bail!(
                    "{what} of {css} {words:?}: {refusal}; the page shows: {}",
                    shown.as_str().unwrap_or_default()
                );
            }
            self.ambient.sleep(POLL).await;
        }
    }

    async fn try_act(
        &self,
        css: &str,
        words: &str,
        what: &str,
        body: Option<&Value>,
    ) -> Result<Value, Refusal> {
        let found = self.session.post("execute/sync", &json!({"script": FIND, "args": [css, words]})).await?;
        let element = session::element(&found).ok_or(Refusal::NotThere)?;
        let path = format!("element/{element}/{what}");
        match body {
            Some(body) => self.session.post(&path, body).await,
            None => self.session.get(&path).await,
        }
    }
}
