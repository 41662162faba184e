//! One session of WebDriver: commands out, answers in.

use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tisara_domain::Duration;

/// How WebDriver names an element in an answer.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// A page that does not load in this time does not load.
const LOAD_MS: u64 = 60_000;

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// No such element is visible.
    #[error("it is not there")]
    NotThere,
    /// The driver says no: its word for it, and what it adds.
    #[error("{error}: {message}")]
    Driver {
        /// WebDriver's word, such as `stale element reference`.
        error: String,
        message: String,
    },
    #[error(transparent)]
    Http(#[from] reqwest::Error),
}

impl Refusal {
    /// Whether the same may succeed a moment later.
    pub(super) fn may_pass(&self) -> bool {
        let passing = ["stale element reference", "element not interactable", "element click intercepted"];
        match self {
            Self::NotThere => true,
            Self::Driver { error, .. } => passing.contains(&error.as_str()),
            Self::Http(_) => false,
        }
    }
}

/// The id of an element in a script's answer.
pub(super) fn element(answer: &Value) -> Option<&str> {
    answer[ELEMENT].as_str()
}

#[derive(Debug)]
pub(super) struct Session {
    client: Client,
    base: String,
}

impl Session {
    /// A browser without window. Everything it opens is ours and on this machine, so it needs no sandbox, which
    /// containers do not let it have.
    pub(super) async fn new(driver: SocketAddr) -> Result<Self, Refusal> {
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--hide-scrollbars",
            "--force-color-profile=srgb",
            "--lang=en-GB",
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {"browserName": "chrome",
            "timeouts": {"pageLoad": LOAD_MS},
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": arguments}}}});
        let client = Client::builder().no_proxy().timeout(Duration::from_millis(2 * LOAD_MS)).build()?;
        let driver = format!("http://{driver}/session");
        let made = command(&client, Method::POST, &driver, Some(&wanted)).await?;
        let id = made["sessionId"].as_str().unwrap_or_default();
        Ok(Self { client, base: format!("{driver}/{id}") })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Refusal> {
        command(&self.client, Method::GET, &format!("{}/{path}", self.base), None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Refusal> {
        command(&self.client, Method::POST, &format!("{}/{path}", self.base), Some(body)).await
    }

    pub(super) async fn end(&self) -> Result<(), Refusal> {
        command(&self.client, Method::DELETE, &self.base, None).await.map(drop)
    }
}

async fn command(client: &Client, method: Method, url: &str, body: Option<&Value>) -> Result<Value, Refusal> {
    let mut request = client.request(method, url);
    if let Some(body) = body {
        request = request.json(body);
    }
    let answer = request.send().await?;
    let good = answer.status().is_success();
    let mut answer: Value = answer.json().await?;
    let value = answer["value"].take();
    if good {
        return Ok(value);
    }
    let word =
        |name: &str| value[name].as_str().unwrap_or_default().lines().next().unwrap_or_default().to_owned();
    Err(Refusal::Driver { error: word("error"), message: word("message") })
}
