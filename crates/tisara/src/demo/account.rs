//! Somebody for the demo: signs up over the API as people do, reads the e-mail in the outbox, makes an
//! organization and a key.

use crate::exit::Failure;
use reqwest::{Method, Response, header};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tisara_domain::{Ambient, Region};

/// How long the e-mail may take.
const MAIL_WAIT: Duration = Duration::from_secs(30);
/// Not so often that the network is slowed for it.
const LOOK: Duration = Duration::from_millis(300);

/// An account that was made.
pub struct Account {
    /// Signs in with this address.
    pub email: String,
    /// And this password.
    pub password: String,
    /// The organization's API key.
    pub key: String,
}

#[derive(Deserialize)]
struct Outbox {
    items: Vec<Mail>,
}

#[derive(Deserialize)]
struct Mail {
    to: String,
    text: String,
}

/// A browser of sorts: one server, one session.
struct Browser {
    http: reqwest::Client,
    address: SocketAddr,
    cookies: Vec<String>,
}

impl Browser {
    async fn call(&mut self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let mut request = self.http.request(method, format!("http://{}/api/v1{path}", self.address));
        if !self.cookies.is_empty() {
            request = request.header(header::COOKIE, self.cookies.join("; "));
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        self.keep_cookies(&response);
        let (status, text) = (response.status(), response.text().await?);
        if !status.is_success() {
            return Err(Failure::failed(format!("the server refused {path} of the demo: {text}")).into());
        }
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    fn keep_cookies(&mut self, response: &Response) {
        let set: Vec<String> = response
            .headers()
            .get_all(header::SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok()?.split(';').next().map(str::to_owned))
            .collect();
        if !set.is_empty() {
            self.cookies = set;
        }
    }

    /// The secret of the link in the e-mail to this address.
    async fn mailed(&mut self, ambient: &Ambient, to: &str) -> anyhow::Result<String> {
        let until = ambient.now().plus(MAIL_WAIT);
        while ambient.now() < until {
            let outbox: Outbox = serde_json::from_value(self.call(Method::GET, "/outbox", None).await?)?;
            let text = outbox.items.into_iter().find(|mail| mail.to == to).map(|mail| mail.text);
            let link = text.and_then(|text| {
                text.split_whitespace().find_map(|word| Some(word.split_once('#')?.1.to_owned()))
            });
            if let Some(secret) = link {
                return Ok(secret);
            }
            ambient.sleep(LOOK).await;
        }
        Err(Failure::failed("the e-mail of the demo's sign-up did not come").into())
    }
}

/// Signs somebody up, who makes an organization of this name with a key.
///
/// # Errors
/// When the server refuses a step.
pub async fn make(
    ambient: &Ambient,
    address: SocketAddr,
    organization: &str,
    region: Region,
) -> anyhow::Result<Account> {
    let chance = |what: &str| format!("{what}-{:016x}", ambient.rng().next_u64());
    // A database may remember earlier demos.
    let (email, password) = (format!("{}@example.org", chance("demo")), chance("tea"));
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let mut browser = Browser { http, address, cookies: Vec::new() };
    let policies = browser.call(Method::GET, "/policies", None).await?;
    let sign_up = json!({
        "name": "Demo", "email": email, "password": password, "country": region.to_string(),
        "is_13_or_over": true, "accepted": policies,
    });
    browser.call(Method::POST, "/sign-up", Some(sign_up)).await?;
    let proof = json!({ "token": browser.mailed(ambient, &email).await?, "password": password });
    browser.call(Method::POST, "/sign-up/confirm", Some(proof)).await?;
    let business = json!({ "name": organization, "default_region": region.to_string() });
    browser.call(Method::POST, "/organizations", Some(business)).await?;
    let made = browser.call(Method::POST, "/api-keys", Some(json!({ "name": "demo" }))).await?;
    let key =
        made["secret"].as_str().ok_or_else(|| Failure::failed("the server made a key without a secret"))?;
    Ok(Account { email, password, key: key.to_owned() })
}
