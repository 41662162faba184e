//! Files: uploaded by numbers, sent by users, handed out by links that expire.

mod store;

pub(crate) use store::{File, Media, RECEIVED_LIFE_S};

use crate::{
    Inner,
    chance::{hash, join},
    graph::{Call, Grant, GraphError, Outcome, Permission, Reply, call::text},
    sync::{lock, read, write},
};
use http::Method;
use serde_json::json;

/// Meta: what may be uploaded, and how large it may be.
#[rustfmt::skip]
const KINDS: &[(&str, usize)] = &[
    ("audio/aac", 16 << 20), ("audio/amr", 16 << 20), ("audio/mpeg", 16 << 20), ("audio/mp4", 16 << 20), ("audio/ogg", 16 << 20),
    ("text/plain", 100 << 20), ("application/pdf", 100 << 20), ("application/msword", 100 << 20),
    ("application/vnd.ms-excel", 100 << 20), ("application/vnd.ms-powerpoint", 100 << 20),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", 100 << 20),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 100 << 20),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", 100 << 20),
    ("image/jpeg", 5 << 20), ("image/png", 5 << 20), ("image/webp", 500 << 10),
    ("video/mp4", 16 << 20), ("video/3gpp", 16 << 20),
];

/// Meta: a download link lives five minutes.
pub(crate) const LINK_LIFE_S: i64 = 300;

/// `POST /{phone_number_id}/media`.
pub(crate) async fn upload(e: &Inner, call: &Call, number: u64) -> Outcome<Reply> {
    {
        let d = read(&e.directory);
        let grant = Grant::of(&d, call, e.ambient.now())?;
        let n = d.number(number).ok_or_else(|| grant.unknown(&number.to_string()))?;
        grant.may(Permission::Messaging, n.waba)?;
    }
    let parts = call.multipart().await?;
    let field = |name: &str| {
        parts
            .iter()
            .find(|p| p.name == name)
            .and_then(|p| std::str::from_utf8(&p.bytes).ok())
            .map(str::to_owned)
    };
    if field("messaging_product").as_deref() != Some("whatsapp") {
        return Err(GraphError::required("messaging_product"));
    }
    let file = parts.iter().find(|p| p.name == "file").ok_or_else(|| GraphError::required("file"))?;
    let mime = field("type").or_else(|| file.mime.clone()).ok_or_else(|| GraphError::required("type"))?;
    let plain = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some((_, most)) = KINDS.iter().find(|(k, _)| *k == plain) else {
        let allowed: Vec<&str> = KINDS.iter().map(|(k, _)| *k).collect();
        return Err(GraphError::new(100).message(format!(
            "(#100) Param file must be a file with one of the following types: {}. Received file of type '{plain}'.",
            allowed.join(", ")
        )));
    };
    if file.bytes.is_empty() || file.bytes.len() > *most {
        return Err(GraphError::invalid(format!(
            "The file has {} bytes; {plain} may have 1 to {most}.",
            file.bytes.len()
        )));
    }
    let id = write(&e.directory).new_id();
    let now = e.ambient.now().seconds();
    let file =
        File::new(number, &mime, file.file_name.clone(), file.bytes.clone(), now + store::UPLOADED_LIFE_S);
    lock(&e.media).put(id, file);
    Ok(Reply::json(&json!({"id": id.to_string()})))
}

/// `GET /{media_id}`: where it can be fetched for the next five minutes.
pub(crate) fn get(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    let now = e.ambient.now().seconds();
    let (file, _) = owned(e, call, id)?;
    let ext = now + LINK_LIFE_S;
    Ok(Reply::json(&json!({
        "messaging_product": "whatsapp",
        "url": link(e, &call.base, id, ext),
        "mime_type": file.mime,
        "sha256": hex::encode(file.sha256),
        "file_size": file.bytes.len(),
        "id": id.to_string(),
    })))
}

/// The link under which a file is handed out until `ext`.
pub(crate) fn link(e: &Inner, base: &str, id: u64, ext: i64) -> String {
    format!("{base}/whatsapp_business/attachments/?mid={id}&ext={ext}&hash={}", proof(e, id, ext))
}

fn proof(e: &Inner, id: u64, ext: i64) -> String {
    format!("{:016x}", join(hash(e.seed, &ext.to_le_bytes()), id))
}

/// `GET /whatsapp_business/attachments/?mid=…&ext=…&hash=…`: the bytes.
pub(crate) fn download(e: &Inner, call: &Call) -> Outcome<Reply> {
    let gone = || GraphError::new(100).status(404).message("The link has expired or the file is gone.");
    let id: u64 = call.query("mid").and_then(|m| m.parse().ok()).ok_or_else(gone)?;
    let ext: i64 = call.query("ext").and_then(|m| m.parse().ok()).ok_or_else(gone)?;
    if call.query("hash") != Some(proof(e, id, ext).as_str()) || ext < e.ambient.now().seconds() {
        return Err(gone());
    }
    let media = lock(&e.media);
    let file = media.get(id, e.ambient.now().seconds()).ok_or_else(gone)?;
    let mut reply = Reply::raw(200, &file.mime, file.bytes.clone());
    reply.file_name.clone_from(&file.name);
    Ok(reply)
}

/// `DELETE /{media_id}`.
pub(crate) fn delete(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    owned(e, call, id)?;
    lock(&e.media).remove(id);
    Ok(Reply::success())
}

/// A file the token may see; with `phone_number_id` it must belong to that number.
fn owned(e: &Inner, call: &Call, id: u64) -> Outcome<(File, u64)> {
    let d = read(&e.directory);
    let grant = Grant::of(&d, call, e.ambient.now())?;
    let unknown = || grant.unknown(&id.to_string());
    let file = lock(&e.media).get(id, e.ambient.now().seconds()).cloned().ok_or_else(unknown)?;
    let number = d.number(file.number).ok_or_else(unknown)?;
    grant.may(Permission::Messaging, number.waba)?;
    if call.query("phone_number_id").is_some_and(|n| n != number.id.to_string()) {
        return Err(unknown());
    }
    Ok((file, number.waba))
}

/// Meta: no file is larger than 100 MB.
const MOST_BYTES: usize = 100 << 20;

/// `POST /{app_id}/uploads`: opens a resumable upload.
pub(crate) async fn start_upload(e: &Inner, call: &Call, app: u64) -> Outcome<Reply> {
    let p = call.parameters().await?;
    let length = text(&p, "file_length")
        .ok_or_else(|| GraphError::required("file_length"))?
        .parse::<usize>()
        .ok()
        .filter(|l| (1..=MOST_BYTES).contains(l))
        .ok_or_else(|| GraphError::invalid(format!("file_length must be 1 to {MOST_BYTES}")))?;
    let mime = text(&p, "file_type").ok_or_else(|| GraphError::required("file_type"))?;
    if !["application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4"].contains(&mime.as_str()) {
        return Err(GraphError::invalid(format!("file_type {mime} cannot be uploaded")));
    }
    let id = write(&e.directory).new_id();
    let session = format!("upload:{:x}{:x}", id, join(e.seed ^ app, id));
    lock(&e.media).sessions.insert(session.clone(), store::Session { length, mime, bytes: Vec::new() });
    Ok(Reply::json(&json!({ "id": session })))
}

/// `POST /upload:…` takes bytes, `GET` says how many there are.
pub(crate) fn resumable(e: &Inner, call: &Call, session: &str) -> Outcome<Reply> {
    let mut media = lock(&e.media);
    let Some(s) = media.sessions.get_mut(session) else {
        return Err(GraphError::unsupported(call.method.as_str(), session));
    };
    if call.method == Method::GET {
        return Ok(Reply::json(&json!({"id": session, "file_offset": s.bytes.len()})));
    }
    let offset =
        call.headers.get("file_offset").and_then(|h| h.to_str().ok()).and_then(|h| h.parse::<usize>().ok());
    if offset != Some(s.bytes.len()) {
        return Err(GraphError::invalid(format!("The header file_offset must be {}.", s.bytes.len())));
    }
    s.bytes.extend_from_slice(&call.body);
    if s.bytes.len() > s.length {
        return Err(GraphError::invalid("More bytes than file_length has promised."));
    }
    if s.bytes.len() < s.length {
        return Ok(Reply::json(&json!({"id": session, "file_offset": s.bytes.len()})));
    }
    let handle = format!("4::{}:{:016x}", base64_of(&s.mime), hash(e.seed, &s.bytes));
    media.sessions.remove(session);
    media.handles.insert(handle.clone());
    Ok(Reply::json(&json!({ "h": handle })))
}

fn base64_of(text: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(text)
}
