//! A running server, spoken to through its HTTP API like any other client would.

use crate::{
    cli::Remote,
    exit::{Code, Failure},
};
use reqwest::{Method, RequestBuilder, Response, StatusCode, multipart};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{io::Write, path::Path, time::Duration};
use url::Url;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Long enough for an upload over a slow line.
const CALL_TIMEOUT: Duration = Duration::from_secs(300);

/// The API of one server, with one organization's key.
#[derive(Clone, Debug)]
pub struct Api {
    http: reqwest::Client,
    base: Url,
    key: String,
}

/// A refusal, as the API words it (RFC 9457).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    title: String,
    detail: String,
    code: String,
    fields: Vec<FieldProblem>,
    request_id: String,
}

#[derive(Debug, Deserialize)]
struct FieldProblem {
    field: String,
    message: String,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub struct Page<T> {
    /// Its items.
    pub items: Vec<T>,
    /// Leads to the next page.
    #[serde(default)]
    pub next: Option<String>,
}

impl Api {
    /// The server named on the command line.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(remote: &Remote) -> Result<Self, Failure> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .user_agent(concat!("tisara-cli/", env!("CARGO_PKG_VERSION")))
            // A redirect must not carry the key elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| Failure::surroundings(format!("no HTTP client: {e}")))?;
        let mut base = remote.server.clone();
        if !matches!(base.scheme(), "http" | "https") {
            return Err(Failure::usage("--server must begin with https:// or http://"));
        }
        base.set_query(None);
        base.set_fragment(None);
        Ok(Self { http, base, key: remote.key.clone() })
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, Failure> {
        let address = format!("{}{path}", self.base.as_str().trim_end_matches('/'));
        let address = Url::parse(&address).map_err(|e| Failure::usage(format!("{address}: {e}")))?;
        Ok(self.http.request(method, address).bearer_auth(&self.key))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request.send().await.map_err(|e| {
            let why = if e.is_timeout() { "no answer in time".to_owned() } else { root_cause(&e) };
            Failure::surroundings(format!("the server {} is not reachable: {why}", self.base))
                .todo("Is `tisara serve` running there? Name another with --server or TISARA_SERVER.")
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(refusal(response).await)
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let response = self.send(request).await?;
        let bytes = response.bytes().await.map_err(|e| {
            Failure::surroundings(format!("the server's answer broke off: {}", root_cause(&e)))
        })?;
        serde_json::from_slice(&bytes).map_err(|e| {
            Failure::failed(format!("the server's answer is not understood: {e}"))
                .todo("Is it a Tisara of the same release?")
        })
    }

    /// `GET`.
    ///
    /// # Errors
    /// When the server is not reachable or refuses.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.json(self.request(Method::GET, path)?).await
    }

    /// `GET`, the answer as it is.
    ///
    /// # Errors
    /// When the server is not reachable or refuses.
    pub async fn download(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let response = self.send(self.request(Method::GET, path)?).await?;
        let bytes = response.bytes().await;
        bytes
            .map(Vec::from)
            .map_err(|e| Failure::surroundings(format!("the server's answer broke off: {}", root_cause(&e))))
    }

    /// `GET`, the answer written out as it comes.
    ///
    /// # Errors
    /// When the server is not reachable or refuses, or the output is closed.
    pub async fn stream(&self, path: &str, out: &mut impl Write) -> Result<(), Failure> {
        let mut response = self.send(self.request(Method::GET, path)?).await?;
        loop {
            let piece = response.chunk().await.map_err(|e| {
                Failure::surroundings(format!("the server's answer broke off: {}", root_cause(&e)))
            })?;
            let Some(piece) = piece else { break };
            out.write_all(&piece).map_err(|e| Failure::failed(format!("the output: {e}")))?;
        }
        out.flush().map_err(|e| Failure::failed(format!("the output: {e}")))
    }

    /// `POST` of JSON.
    ///
    /// # Errors
    /// When the server is not reachable or refuses.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        self.json(self.request(Method::POST, path)?.json(body)).await
    }

    /// `POST` of a file as `file`, with a JSON part `options`. The file is streamed.
    ///
    /// # Errors
    /// When the file cannot be read, or the server is not reachable or refuses.
    pub async fn upload<T: DeserializeOwned>(
        &self,
        path: &str,
        file: &Path,
        options: &impl Serialize,
    ) -> Result<T, Failure> {
        let options = serde_json::to_string(options).map_err(|e| Failure::failed(e.to_string()))?;
        let part = multipart::Part::file(file).await.map_err(|e| {
            Failure::usage(format!("the file {} cannot be read: {e}", file.display()))
                .todo("Check the path and that this user may read it.")
        })?;
        let form = multipart::Form::new().text("options", options).part("file", part);
        self.json(self.request(Method::POST, path)?.multipart(form)).await
    }
}

async fn refusal(response: Response) -> Failure {
    let status = response.status();
    let problem: Problem =
        response.bytes().await.ok().and_then(|b| serde_json::from_slice(&b).ok()).unwrap_or_default();
    let mut what = match (problem.detail.as_str(), problem.title.as_str()) {
        ("", "") => format!("the server answered {status}"),
        ("", title) => title.to_owned(),
        (detail, _) => detail.trim_end_matches('.').to_owned(),
    };
    for field in &problem.fields {
        what.push_str(&format!("\n  {}: {}", field.field, field.message));
    }
    let code = match status {
        StatusCode::UNAUTHORIZED => {
            return Failure::usage("the server does not accept this API key").todo(
                "Give a key that `tisara org create` printed, with --key or TISARA_KEY. Is it the right server?",
            );
        }
        StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Code::Usage,
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::INSUFFICIENT_STORAGE => {
            Code::Surroundings
        }
        _ => Code::Failed,
    };
    let failure = Failure::new(code, what);
    match (problem.code.as_str(), problem.request_id.as_str()) {
        ("internal", id) => failure.todo(format!("The server's log says more (request {id}).")),
        _ => failure,
    }
}

/// The innermost reason: the outer ones only say that a request failed.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
