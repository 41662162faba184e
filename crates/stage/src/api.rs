//! The server's API, as any client of an organization sees it.

use anyhow::{Context as _, bail};
use reqwest::StatusCode;
use serde_json::Value;
use std::net::SocketAddr;
use tisara_domain::{Ambient, Duration};

const POLL: Duration = Duration::from_millis(50);
/// Longest wait for an answer of a server that may be down for a while.
const PATIENCE: Duration = Duration::from_secs(90);

/// The same where a request may be left unfinished by a node that is gone: another takes it over after a minute.
const TAKEOVER_PATIENCE: Duration = Duration::from_secs(180);

/// A connection to a server that was killed does not always break: the answer is given up then. Long
/// enough for a living server to have done, by then, whatever it was going to do.
const ANSWER_PATIENCE: Duration = Duration::from_secs(20);

/// Calls with an organization's key.
#[derive(Clone, Debug)]
pub struct Api {
    base: String,
    key: String,
    http: reqwest::Client,
    ambient: Ambient,
}

/// Why a call brought no answer to work with.
#[derive(Debug)]
pub enum CallError {
    /// The server said no: nothing was done.
    Refused(anyhow::Error),
    /// It is not known what was done: the server was killed meanwhile, or not there.
    Unknown(anyhow::Error),
}

impl From<CallError> for anyhow::Error {
    fn from(e: CallError) -> Self {
        match e {
            CallError::Refused(e) | CallError::Unknown(e) => e,
        }
    }
}

impl Api {
    /// For the server at this address.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn new(server: SocketAddr, key: &str, ambient: Ambient) -> anyhow::Result<Self> {
        let base = format!("http://{server}/api/v1");
        let http = reqwest::Client::builder().timeout(ANSWER_PATIENCE).build()?;
        Ok(Self { base, key: key.to_owned(), http, ambient })
    }

    async fn call(&self, request: reqwest::RequestBuilder) -> Result<Value, CallError> {
        let unknown = |e: reqwest::Error| CallError::Unknown(e.into());
        let answer = request.bearer_auth(&self.key).send().await.map_err(unknown)?;
        let (status, url) = (answer.status(), answer.url().path().to_owned());
        let text = answer.text().await.map_err(unknown)?;
        if status.is_server_error() {
            return Err(CallError::Unknown(anyhow::anyhow!("{url}: {status} {text}")));
        }
        let is_running = || text.contains("\"idempotency_in_progress\"");
        if status == StatusCode::CONFLICT && is_running() {
            return Err(CallError::Unknown(anyhow::anyhow!("{url}: {status} {text}")));
        }
        if !status.is_success() {
            return Err(CallError::Refused(anyhow::anyhow!("{url}: {status} {text}")));
        }
        serde_json::from_str(&text).map_err(|e| CallError::Unknown(e.into()))
    }

    /// One `GET`.
    ///
    /// # Errors
    /// As [`CallError`] says.
    pub async fn get(&self, path: &str) -> Result<Value, CallError> {
        self.call(self.http.get(format!("{}{path}", self.base))).await
    }

    /// Status of a `GET`, and when it says to come again.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn status_of(&self, path: &str) -> anyhow::Result<(u16, Option<String>)> {
        let answer = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.key).send().await?;
        let retry_after =
            answer.headers().get("retry-after").and_then(|v| v.to_str().ok()).map(str::to_owned);
        Ok((answer.status().as_u16(), retry_after))
    }

    /// One `POST`.
    ///
    /// # Errors
    /// As [`CallError`] says.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, CallError> {
        self.call(self.http.post(format!("{}{path}", self.base)).json(body)).await
    }

    /// `POST` as a careful client does it: under an `Idempotency-Key`, again and again until there is an answer. The
    /// effect is had once, however often and of whichever node it was asked.
    ///
    /// # Errors
    /// When it refuses, or stays away for long.
    pub async fn post_once(&self, path: &str, body: &Value, key: &str) -> anyhow::Result<Value> {
        let post = || {
            let request = self.http.post(format!("{}{path}", self.base)).json(body);
            self.call(request.header("idempotency-key", key))
        };
        self.until_answered(TAKEOVER_PATIENCE, post).await.with_context(|| format!("POST {path}"))
    }

    /// A file of contacts; gives the import.
    ///
    /// # Errors
    /// As [`CallError`] says.
    pub async fn import(&self, csv: impl Into<reqwest::Body>, options: &Value) -> Result<Value, CallError> {
        let part = reqwest::multipart::Part::stream(csv).file_name("contacts.csv");
        let form = reqwest::multipart::Form::new().text("options", options.to_string()).part("file", part);
        self.call(self.http.post(format!("{}/contacts/imports", self.base)).multipart(form)).await
    }

    /// `GET`, again and again while the server is away.
    ///
    /// # Errors
    /// When it refuses, or stays away for long.
    pub async fn get_surely(&self, path: &str) -> anyhow::Result<Value> {
        self.until_answered(PATIENCE, || self.get(path)).await.with_context(|| format!("GET {path}"))
    }

    /// Makes a call again and again while its end is not known.
    async fn until_answered<F: Future<Output = Result<Value, CallError>>>(
        &self,
        patience: Duration,
        call: impl Fn() -> F,
    ) -> anyhow::Result<Value> {
        let until = self.ambient.now().plus(patience);
        loop {
            match call().await {
                Ok(answer) => return Ok(answer),
                Err(CallError::Refused(e)) => return Err(e),
                Err(CallError::Unknown(e)) if self.ambient.now() > until => {
                    return Err(e.context("no answer"));
                }
                Err(CallError::Unknown(_)) => self.ambient.sleep(POLL).await,
            }
        }
    }

    /// All items of a list, page after page.
    ///
    /// # Errors
    /// As of [`Api::get_surely`].
    pub async fn list(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let sign = if path.contains('?') { '&' } else { '?' };
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let mut page = self.get_surely(&format!("{path}{sign}limit=200{after}")).await?;
            match page["items"].take() {
                Value::Array(items) => all.extend(items),
                _ => bail!("GET {path} gave no list: {page}"),
            }
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(all),
            }
        }
    }
}

/// A text that must be there.
///
/// # Errors
/// When it is not.
pub fn text(value: &Value) -> anyhow::Result<String> {
    value.as_str().map(str::to_owned).with_context(|| format!("no text: {value}"))
}

/// A count that must be there.
///
/// # Errors
/// When it is not.
pub fn count(value: &Value) -> anyhow::Result<u64> {
    value.as_u64().with_context(|| format!("no count: {value}"))
}
