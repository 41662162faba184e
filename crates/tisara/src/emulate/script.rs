//! Playing a script: its calls one after another, then the report as one file.

use crate::{exit::Failure, terminal};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;

/// One call of a script.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    #[serde(default)]
    method: Method,
    /// With the version, as `/v25.0/{phone_number_id}/messages`, or under `/_emulator`.
    path: String,
    #[serde(default)]
    body: Option<Value>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Method {
    Get,
    #[default]
    Post,
    Delete,
}

/// Reads a script; empty lines and lines that begin with `#` are left out.
///
/// # Errors
/// The line that is no call, and why.
pub fn read(path: &Path) -> Result<Vec<Call>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::usage(format!("the script {} cannot be read: {e}", path.display())))?;
    let lines = text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty() && !l.starts_with('#'));
    let call = |(n, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|e| {
            Failure::usage(format!("line {} of {} is no call: {e}", n + 1, path.display())).todo(
                r#"A line looks like {"path": "/_emulator/clock/advance", "body": {"ms": 1000}}; "method" may be GET, POST or DELETE."#,
            )
        })
    };
    lines.map(call).collect()
}

/// Makes the calls with `token` and reads the report, the identities and the messages. What Meta would
/// refuse is part of the story and stands in the report; a call that the emulator itself cannot
/// understand ends it.
///
/// # Errors
/// When a call under `/_emulator` is refused or the emulator does not answer.
pub async fn play(address: &str, token: Option<&str>, calls: &[Call]) -> anyhow::Result<Value> {
    let http = reqwest::Client::new();
    for (n, call) in calls.iter().enumerate() {
        let url = format!("{address}{}", call.path);
        let mut request = match call.method {
            Method::Get => http.get(url),
            Method::Post => http.post(url),
            Method::Delete => http.delete(url),
        };
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let said = answer.text().await?;
        if call.path.starts_with("/_emulator") && !status.is_success() {
            let path = &call.path;
            return Err(
                Failure::usage(format!("call {} of the script, {path}, was refused: {said}", n + 1)).into()
            );
        }
    }
    let get = async |path: &str| http.get(format!("{address}/_emulator/{path}")).send().await?.text().await;
    let report: Value = serde_json::from_str(&get("report").await?)?;
    let messages: Value = serde_json::from_str(&get("messages?limit=1000000").await?)?;
    let ids = get("report/ids").await?;
    let ids = ids.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    Ok(json!({"report": report, "ids": ids, "messages": messages["data"]}))
}

/// Writes what [`play`] gave to `path`, or to the terminal.
///
/// # Errors
/// When the file cannot be written.
pub fn write(played: &Value, path: Option<&Path>) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(played)?;
    match path {
        None => terminal::out(text),
        Some(path) => std::fs::write(path, text + "\n").map_err(|e| {
            Failure::surroundings(format!("the report {} cannot be written: {e}", path.display()))
        })?,
    }
    Ok(())
}
