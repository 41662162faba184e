//! QR codes and short links that open a chat with a prefilled message.

use super::edges::check;
use crate::{
    Inner,
    chance::{Draw, join},
    directory::QrCode,
    graph::{
        Call, GraphError, Outcome, Permission, Reply,
        call::text,
        collection::{choose, page},
    },
    sync::{read, write},
};
use http::Method;
use serde_json::{Value, json};

/// Meta: the most characters of a prefilled message.
const MESSAGE: usize = 140;
const DEFAULT: &[&str] = &["code", "prefilled_message", "deep_link_url"];

/// `/{phone_number_id}/message_qrdls`: POST makes a code or changes the one named, GET lists.
pub(super) async fn codes(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    check(e, call, id, Permission::Management)?;
    if call.method == Method::POST {
        return save(e, call, id).await;
    }
    let d = read(&e.directory);
    let wanted = call.query("code");
    let codes = d.number(id).map(|n| n.qr_codes.as_slice()).unwrap_or_default();
    let rows = codes.iter().filter(|c| wanted.is_none_or(|w| w == c.code)).map(|c| row(call, c));
    Ok(Reply::json(&page(call, rows.collect::<Outcome<_>>()?)?))
}

/// `GET` and `DELETE /{phone_number_id}/message_qrdls/{code}`.
pub(crate) fn qr_code(e: &Inner, call: &Call, id: u64, code: &str) -> Outcome<Reply> {
    check(e, call, id, Permission::Management)?;
    let unknown = || GraphError::unsupported(call.method.as_str(), code);
    let mut d = write(&e.directory);
    let n = d.number_mut(id).ok_or_else(unknown)?;
    let place = n.qr_codes.iter().position(|c| c.code == code).ok_or_else(unknown)?;
    match call.method {
        Method::GET => Ok(Reply::json(&row(call, &n.qr_codes[place])?)),
        Method::DELETE => {
            n.qr_codes.remove(place);
            Ok(Reply::success())
        }
        _ => Err(unknown()),
    }
}

async fn save(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    let p = call.parameters().await?;
    let message = text(&p, "prefilled_message").filter(|m| !m.is_empty());
    let message = message.ok_or_else(|| GraphError::required("prefilled_message"))?;
    if message.chars().count() > MESSAGE {
        return Err(GraphError::invalid(format!(
            "prefilled_message must be at most {MESSAGE} characters long"
        )));
    }
    let image = text(&p, "generate_qr_image");
    if image.as_deref().is_some_and(|i| !matches!(i, "PNG" | "SVG")) {
        return Err(GraphError::invalid("generate_qr_image must be PNG or SVG"));
    }
    let mut d = write(&e.directory);
    let n = d.number_mut(id).ok_or_else(|| GraphError::unsupported("POST", &id.to_string()))?;
    let saved = match text(&p, "code") {
        Some(code) => {
            let known = n.qr_codes.iter_mut().find(|c| c.code == code);
            let known = known.ok_or_else(|| GraphError::invalid(format!("there is no code \"{code}\"")))?;
            known.message = message;
            known
        }
        None => {
            n.qr_codes_made += 1;
            let code = name(join(join(e.seed, id), n.qr_codes_made));
            n.qr_codes.push_mut(QrCode { code, message, made_s: e.ambient.now().seconds() })
        }
    };
    let mut answer = basic(saved);
    if let Some(form) = image {
        answer["qr_image_url"] = json!(picture(&saved.code, &form));
    }
    Ok(Reply::json(&answer))
}

fn row(call: &Call, code: &QrCode) -> Outcome<Value> {
    choose(call, all(code), DEFAULT, "WhatsAppBusinessMessageQRDL")
}

fn all(code: &QrCode) -> Value {
    let mut all = basic(code);
    all["qr_image_url"] = json!(picture(&code.code, "SVG"));
    all["creation_time"] = json!(code.made_s);
    all
}

fn basic(code: &QrCode) -> Value {
    let link = format!("https://wa.me/message/{}", code.code);
    json!({"code": code.code, "prefilled_message": code.message, "deep_link_url": link})
}

/// An address of the form of Meta's; there is nothing at it.
fn picture(code: &str, form: &str) -> String {
    format!("https://scontent.whatsapp.net/qr/{code}.{}", form.to_ascii_lowercase())
}

/// Fourteen of Meta's letters and digits.
fn name(hash: u64) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut draw = Draw::from(hash);
    (0..14).map(|_| char::from(LETTERS[(draw.next() % 32) as usize])).collect()
}
