//! A person's desktop client: a key of its own, an access token, a refresh token.

use super::{Answer, TestApp, answer, person::PASSWORD};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Method, RequestBuilder};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

/// A device, signed in.
pub(crate) struct Device<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) key: Ed25519KeyPair,
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) session: String,
}

impl<'a> Device<'a> {
    /// What a sign-in on a device with this key sends.
    pub(crate) fn input(key: &Ed25519KeyPair, email: &str) -> Value {
        let public_key = URL_SAFE_NO_PAD.encode(key.public_key());
        json!({ "email": email, "password": PASSWORD, "device": { "name": "Desk", "public_key": public_key } })
    }

    pub(crate) fn key(app: &TestApp) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&app.ambient.rng().bytes::<32>()).unwrap()
    }

    /// Signs in somebody who has an account.
    pub(crate) async fn new(app: &'a TestApp, email: &str) -> Self {
        let key = Self::key(app);
        let made = answer(app.request(Method::POST, "/api/v1/tokens").json(&Self::input(&key, email))).await;
        let mut this =
            Self { app, key, access: String::new(), refresh: String::new(), session: String::new() };
        this.take(&made.ok());
        this
    }

    fn take(&mut self, tokens: &Value) {
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        (self.access, self.refresh, self.session) =
            (text("access_token"), text("refresh_token"), text("session"));
    }

    pub(crate) fn sign(&self, refresh_token: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.key.sign(format!("tisara refresh {refresh_token}").as_bytes()))
    }

    /// Shows a refresh token, signed by this device.
    pub(crate) async fn show(&self, refresh_token: &str) -> Answer {
        let body = json!({ "refresh_token": refresh_token, "signature": self.sign(refresh_token) });
        answer(self.app.request(Method::POST, "/api/v1/tokens/refresh").json(&body)).await
    }

    /// Changes its tokens.
    pub(crate) async fn renew(&mut self) {
        let tokens = self.show(&self.refresh).await.ok();
        self.take(&tokens);
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.app.request(method, &format!("/api/v1{path}")).bearer_auth(&self.access)
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Value) -> Answer {
        answer(self.request(method, path).json(&body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }
}
