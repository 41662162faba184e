//! A person at a browser.

use super::{Answer, TestApp, answer, until};
use reqwest::{Method, RequestBuilder, header};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A browser with its cookies, at an address of its own.
#[derive(Clone)]
pub(crate) struct Person<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) email: String,
    pub(crate) ip: String,
    pub(crate) cookies: BTreeMap<String, String>,
}

pub(crate) const PASSWORD: &str = "tea in the morning rain";
pub(crate) const SESSION: &str = "__Host-tisara";
pub(crate) const DEVICE: &str = "__Host-tisara-device";

/// What a sign-up sends.
pub(crate) fn sign_up(email: &str) -> Value {
    json!({
        "name": "Nimal Perera", "email": email, "password": PASSWORD, "country": "LK", "phone": "077 123 4567",
        "is_13_or_over": true, "accepted": { "terms": "1", "privacy": "1" },
    })
}

impl<'a> Person<'a> {
    /// A browser that was never here.
    pub(crate) fn stranger(app: &'a TestApp, email: &str, ip: &str) -> Self {
        Self { app, email: email.to_owned(), ip: ip.to_owned(), cookies: BTreeMap::new() }
    }

    /// Somebody with an account, signed in.
    pub(crate) async fn new(app: &'a TestApp, email: &str) -> Self {
        let mut this = Self::stranger(app, email, "198.51.100.7");
        this.post("/sign-up", sign_up(email)).await.ok();
        let token = app.mailed(email, "Confirm your e-mail").await;
        this.post("/sign-up/confirm", json!({ "token": token, "password": PASSWORD })).await.ok();
        this
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.app.request(method, &format!("/api/v1{path}")).header("x-forwarded-for", &self.ip);
        let request = request.header("sec-fetch-site", "same-origin").header("user-agent", "Firefox");
        if cookies.is_empty() { request } else { request.header(header::COOKIE, cookies.join("; ")) }
    }

    /// Takes the answer and the cookies that it sets.
    pub(crate) async fn send(&mut self, request: RequestBuilder) -> Answer {
        let answer = answer(request).await;
        for set in answer.headers.get_all(header::SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    pub(crate) async fn call(&mut self, method: Method, path: &str, body: Value) -> Answer {
        let request = self.request(method, path).json(&body);
        self.send(request).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path);
        self.send(request).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, body).await
    }

    pub(crate) async fn sign_in(&mut self, password: &str) -> Answer {
        let body = json!({ "email": self.email, "password": password });
        self.post("/sign-in", body).await
    }
}

impl TestApp {
    /// The secret in the newest e-mail to this address with this subject; waits for it.
    pub(crate) async fn mailed(&self, to: &str, subject: &str) -> String {
        let letter = self.letter(to, subject).await;
        let link = letter
            .split_whitespace()
            .find(|word| word.starts_with("https://") && word.contains('#'))
            .unwrap();
        link.rsplit_once('#').unwrap().1.to_owned()
    }

    /// The text of the newest e-mail to this address whose subject begins so; waits for it.
    pub(crate) async fn letter(&self, to: &str, subject: &str) -> String {
        until("an e-mail has gone out", async || {
            let mut sent = self.outbox.list().into_iter();
            sent.find(|mail| mail.to == to && mail.subject.starts_with(subject)).map(|mail| mail.text)
        })
        .await
    }
}

/// Somebody with an organization of their own.
pub(crate) async fn owner<'a>(app: &'a TestApp, email: &str) -> Person<'a> {
    let mut person = Person::new(app, email).await;
    person.post("/organizations", json!({ "name": "Ceylon Tea", "default_region": "LK" })).await.ok();
    person
}

/// Somebody new who joins as this role.
pub(crate) async fn joined<'a>(by: &mut Person<'a>, email: &str, role: &str) -> Person<'a> {
    let app = by.app;
    by.post("/invitations", json!({ "email": email, "role": role })).await.ok();
    let token = app.mailed(email, "You are invited").await;
    let mut person = Person::new(app, email).await;
    person.post("/invitations/accept", json!({ "token": token })).await.ok();
    person
}

/// A person's own id.
pub(crate) async fn id(person: &mut Person<'_>) -> String {
    person.get("/user").await.ok()["id"].as_str().unwrap().to_owned()
}
