//! An emulator in which a call of the file can be made: its ids, what must have happened before, and the
//! values that stand for the file's placeholders.

use crate::support::{Bench, START};
use axum::{body::Body, extract::Request};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tisara_emulator::World;

const USER: &str = "16505551234";
/// An account of the same business with the flow `appointment`.
const OTHER_WABA: &str = "77";

/// A fresh emulator, and what an example's placeholders stand for in it.
pub(crate) struct Stage {
    pub(crate) bench: Bench,
    /// By the name in braces of a path.
    ids: BTreeMap<&'static str, String>,
    /// The last message of [`USER`].
    inbound: String,
}

impl Stage {
    /// Everything the examples take for granted has happened.
    pub(crate) async fn set(call: &str, body: Option<&Value>) -> Self {
        let bench = Bench::with(|s| {
            let mut other = s.world.portfolios[0].wabas[0].clone();
            other.id = OTHER_WABA.parse().unwrap();
            (other.numbers, other.templates) = (Vec::new(), Vec::new());
            (other.flows[0].id, other.flows[0].name) =
                (tisara_emulator::settings::ObjectId(0), "appointment".into());
            if call == "POST /{WABA-ID}/migrate_flows" {
                s.world.portfolios[0].wabas.push(other);
            }
        });
        bench.post(&format!("/_emulator/users/{USER}/write"), json!({"text": "hello"})).await;
        bench.emulator.deliver_due().await;
        let inbound = bench.receiver.messages()[0]["id"].as_str().unwrap().to_owned();
        let mut stage = Self { bench, ids: BTreeMap::new(), inbound };
        stage.ids = BTreeMap::from([
            ("Application-ID", World::APP_ID.to_string()),
            ("Business-ID", World::PORTFOLIO_ID.to_string()),
            ("WABA-ID", World::WABA_ID.to_string()),
            ("WhatsApp-Business-Account-ID", World::WABA_ID.to_string()),
            ("Phone-Number-ID", World::NUMBER_ID.to_string()),
            ("Flow-ID", World::FLOW_ID.to_string()),
            ("Media-ID", stage.upload("image/jpeg").await),
            ("TEMPLATE_ID", stage.template_id("order_update").await),
        ]);
        stage.before(call).await;
        if let Some(template) = body.map(|b| &b["template"]).filter(|t| t.is_object()) {
            stage.approve(template).await;
        }
        stage
    }

    /// What must have happened before this very call.
    async fn before(&mut self, call: &str) {
        let number = self.ids["Phone-Number-ID"].clone();
        match call {
            "POST /{Phone-Number-ID}/request_code" | "POST /{Phone-Number-ID}/verify_code" => {
                let new = json!({"cc": "1", "phone_number": "6315551999", "verified_name": "New"});
                let (status, made) =
                    self.bench.post(&format!("/v23.0/{}/phone_numbers", World::WABA_ID), new).await;
                assert_eq!(status, 200, "{made}");
                let id = made["id"].as_str().unwrap().to_owned();
                if call.ends_with("verify_code") {
                    let by = json!({"code_method": "SMS", "language": "en_US"});
                    assert_eq!(self.bench.post(&format!("/v23.0/{id}/request_code"), by).await.0, 200);
                }
                self.ids.insert("Phone-Number-ID", id);
            }
            "GET /{Phone-Number-ID}/block_users" => {
                let whom = json!({"messaging_product": "whatsapp", "block_users": [{"user": USER}]});
                assert_eq!(self.bench.post(&format!("/v23.0/{number}/block_users"), whom).await.0, 200);
            }
            // The example changes the category, which only a template that is not approved allows.
            "POST /{TEMPLATE_ID}" => {
                self.ids.insert("TEMPLATE_ID", self.template_id("refused_offer").await);
            }
            _ if call.contains("/message_qrdls") => {
                let path = format!("/v23.0/{number}/message_qrdls");
                let (status, made) = self.bench.post(&path, json!({"prefilled_message": "Hello"})).await;
                assert_eq!(status, 200, "{made}");
                self.ids.insert("QR-Code-ID", made["code"].as_str().unwrap().to_owned());
            }
            "GET /{Phone-Number-ID}/whatsapp_business_encryption" => {
                let path = format!("/v23.0/{number}/whatsapp_business_encryption");
                let key = json!({"business_public_key": include_str!("../support/public.pem")});
                assert_eq!(self.bench.post(&path, key).await.0, 200);
            }
            "POST /{Phone-Number-ID}/calls" | "GET /{Phone-Number-ID}/call_permissions" => {
                let on = json!({"calling": {"status": "ENABLED"}});
                assert_eq!(self.bench.post(&format!("/v23.0/{number}/settings"), on).await.0, 200);
                let call = |user: &str| format!("/_emulator/users/{user}/call");
                let permit = json!({"action": "permit", "permanent": true});
                assert_eq!(self.bench.post(&call("14085551234"), permit).await.0, 200);
                let (_, made) = self.bench.post(&call(USER), json!({})).await;
                self.ids.insert("Call-ID", made["id"].as_str().unwrap().to_owned());
            }
            _ if call.contains("/{group_id}") => {
                let new = json!({"messaging_product": "whatsapp", "subject": "Trip", "join_approval_mode": "approval_required"});
                assert_eq!(self.bench.post(&format!("/v23.0/{number}/groups"), new).await.0, 200);
                self.bench.emulator.deliver_due().await;
                let made = self.bench.receiver.values("group_lifecycle_update")[0]["groups"][0].clone();
                let id = made["group_id"].as_str().unwrap().to_owned();
                for user in [USER, "94771234567"] {
                    let (_, asked) = self
                        .bench
                        .post(&format!("/_emulator/users/{user}/group"), json!({"group": id}))
                        .await;
                    self.ids.insert("Join-Request", asked["join_request_id"].as_str().unwrap().to_owned());
                }
                let let_in =
                    json!({"messaging_product": "whatsapp", "join_requests": [self.ids["Join-Request"]]});
                if call.contains("participants") || call == "GET /{group_id}" {
                    assert_eq!(self.bench.post(&format!("/v23.0/{id}/join_requests"), let_in).await.0, 200);
                }
                self.ids.insert("group_id", id);
            }
            "DELETE /{Flow-ID}" | "POST /{Flow-ID}/assets" | "POST /{Flow-ID}/publish" => {
                self.ids.insert("Flow-ID", self.draft().await);
            }
            "GET /{WABA-ID}/subscribed_apps" => {
                let path = format!("/v23.0/{}/subscribed_apps", World::WABA_ID);
                assert_eq!(self.bench.post(&path, json!({})).await.0, 200);
            }
            _ => {}
        }
    }

    /// The path with this world's ids; what it does not have gets the id of nothing.
    pub(crate) fn path(&self, call: &str) -> String {
        let (_, path) = call.split_once(' ').unwrap();
        let filled =
            path.split('/').map(|step| match step.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
                Some(name) => self.ids.get(name).map_or("404404404", String::as_str),
                None => step,
            });
        let mut path = format!("/v23.0{}", filled.collect::<Vec<_>>().join("/"));
        match call {
            "DELETE /{WABA-ID}/message_templates" => path.push_str("?name=order_update"),
            "GET /{Phone-Number-ID}/call_permissions" => path.push_str("?user_wa_id=14085551234"),
            _ => {}
        }
        path
    }

    /// The example with this world's ids and without placeholders.
    pub(crate) async fn fill(&self, value: &Value) -> Value {
        let mut text = value.to_string();
        if let Some(code) = self.ids.get("QR-Code-ID") {
            text = text.replace("ANED2T5QRU7HG1", code);
        }
        for (placeholder, kind) in [
            ("<AUDIO_OBJECT_ID>", "audio/ogg"),
            ("<DOCUMENT_OBJECT_ID>", "application/pdf"),
            ("<IMAGE_OBJECT_ID>", "image/jpeg"),
            ("<VIDEO_OBJECT_ID>", "video/mp4"),
            ("<MEDIA_OBJECT_ID>", "image/webp"),
        ] {
            if text.contains(placeholder) {
                text = text.replace(placeholder, &self.upload(kind).await);
            }
        }
        let published = World::FLOW_ID.to_string();
        let flow = if text.contains(r#""mode":"draft""#) { self.draft().await } else { published.clone() };
        let call = self.ids.get("Call-ID").map_or("", String::as_str);
        for (placeholder, instead) in [
            ("{{Recipient-Phone-Number}}", USER),
            ("{{Recipient-WA-Phone-Number}}", USER),
            ("<MSGID_OF_MSG_YOU_ARE_REPLYING_TO>", &self.inbound),
            ("<MSGID_OF_PREV_MSG>", &self.inbound),
            ("wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQUYzMjEzNDM2RTZGQ0MzMDJBRgA=", &self.inbound),
            ("<http(s)://", "https://example.com/"),
            ("http(s)://", "https://example.com/"),
            ("-url>", "-url"),
            ("<HEADER_TYPE>", "text"),
            ("<TEMPLATE_NAME>", "template_name"),
            ("template-name", "template_name"),
            ("language-and-locale-code", "en_US"),
            ("YOUR_VERIFY_TOKEN_PLACEHOLDER", "good"),
            ("YOUR_VERIFY_TOKEN", "good"),
            ("{{Flow-ID}}", &flow),
            ("{{Flow-Name}}", if flow == published { "book_a_visit" } else { "draft" }),
            ("146265584024623", "194836987003835"),
            ("367025965434465", "194836987003835"),
            ("<ID_TEST_ITEM_1>", "sku-1"),
            ("<YOUR_PRODUCT1_SKU_IN_CATALOG>", "sku-1"),
            ("di9ozbzfi4", "sku-1"),
            ("2lc20305pt", "sku-2"),
            ("<SCREEN_ID>", "WELCOME"),
            ("wacid.HBgLMTIxODU1NTI4MjgVAgARGCAyODRQIAFRoA", call),
            // Longer than what they stand for may be.
            ("<LIST_SECTION_", "<"),
            ("<SECTION_", "<"),
        ] {
            text = text.replace(placeholder, instead);
        }
        let mut filled = serde_json::from_str(&text).unwrap();
        if text.contains("\"4::") {
            replace_handles(&mut filled, &self.handle().await);
        }
        filled
    }

    /// A flow that is not published.
    async fn draft(&self) -> String {
        let new = json!({"name": "draft", "clone_flow_id": World::FLOW_ID.to_string()});
        let (status, made) = self.bench.post(&format!("/v23.0/{}/flows", World::WABA_ID), new).await;
        assert_eq!(status, 200, "{made}");
        made["id"].as_str().unwrap().to_owned()
    }

    /// What is sent to calls that the file describes by a form only.
    fn form(&self, call: &str) -> Option<Value> {
        Some(match call {
            "POST /{WABA-ID}/flows" => {
                json!({"name": "new", "categories": ["OTHER"], "endpoint_uri": "https://example.com"})
            }
            "POST /{Flow-ID}" => json!({"name": "renamed", "categories": ["OTHER"]}),
            "POST /{WABA-ID}/migrate_flows" => {
                json!({"source_waba_id": OTHER_WABA, "source_flow_names": ["appointment", "leadgen"]})
            }
            "POST /{Phone-Number-ID}/whatsapp_business_encryption" => {
                json!({"business_public_key": include_str!("../support/public.pem")})
            }
            "POST /{Phone-Number-ID}/groups" => json!({"messaging_product": "whatsapp", "subject": "Trip"}),
            "POST /{group_id}" => json!({"messaging_product": "whatsapp", "subject": "Trip"}),
            "POST /{group_id}/invite_link" | "DELETE /{group_id}/invite_link" => {
                json!({"messaging_product": "whatsapp"})
            }
            "POST /{group_id}/join_requests" | "DELETE /{group_id}/join_requests" => {
                json!({"messaging_product": "whatsapp", "join_requests": [self.ids["Join-Request"]]})
            }
            "DELETE /{group_id}/participants" => {
                json!({"messaging_product": "whatsapp", "participants": [{"user": "94771234567"}]})
            }
            _ => return None,
        })
    }

    /// A template of the shape an example fills, made and approved.
    async fn approve(&self, sent: &Value) {
        let sent = self.fill(sent).await;
        let (mut parts, mut buttons) = (Vec::new(), Vec::new());
        for part in sent["components"].as_array().into_iter().flatten() {
            let values = part["parameters"].as_array().unwrap();
            match part["type"].as_str().unwrap().to_lowercase().as_str() {
                "header" => parts.push(json!({"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [self.handle().await]}})),
                "body" => {
                    let holes: String = (1..=values.len()).map(|n| format!("and here is number {n} {{{{{n}}}}}, ")).collect();
                    let example: Vec<_> = values.iter().map(|_| "x").collect();
                    parts.push(json!({"type": "BODY", "text": format!("Hello, {holes}with thanks for all."), "example": {"body_text": [example]}}));
                }
                _ => buttons.push(match part["sub_type"].as_str().unwrap().to_lowercase().as_str() {
                    "catalog" => json!({"type": "CATALOG", "text": "View catalog"}),
                    "flow" => json!({"type": "FLOW", "text": "Open", "flow_id": World::FLOW_ID.to_string(), "flow_action": "navigate", "navigate_screen": "WELCOME"}),
                    _ => json!({"type": "QUICK_REPLY", "text": format!("Button {}", buttons.len())}),
                }),
            }
        }
        if parts.is_empty() {
            parts.push(json!({"type": "BODY", "text": "Hello."}));
        }
        if !buttons.is_empty() {
            parts.push(json!({"type": "BUTTONS", "buttons": buttons}));
        }
        let new = json!({"name": sent["name"], "language": sent["language"]["code"], "category": "MARKETING", "components": parts});
        let (status, answer) =
            self.bench.post(&format!("/v23.0/{}/message_templates", World::WABA_ID), new).await;
        // The one the default world has already.
        assert!(status == 200 || sent["name"] == "hello_world", "{answer} {sent}");
        let reviewed = tisara_domain::Timestamp::from_seconds(START + 60);
        self.bench.emulator.run_until_settled(&self.bench.clock, reviewed).await;
    }

    async fn template_id(&self, name: &str) -> String {
        let path = format!("/v23.0/{}/message_templates?name={name}", World::WABA_ID);
        self.bench.get(&path).await.1["data"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Uploads a file of a kind and gives its id.
    async fn upload(&self, mime: &str) -> String {
        let (status, answer) = self.bench.request(upload(mime)).await;
        assert_eq!(status, 200, "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    /// Uploads the example of a template's header and gives its handle.
    async fn handle(&self) -> String {
        let begin = format!("/v23.0/{}/uploads?file_length=5&file_type=image/jpeg", World::APP_ID);
        let (status, session) = self.bench.post(&begin, json!({})).await;
        assert_eq!(status, 200, "{session}");
        let bytes = Request::post(format!("/v23.0/{}", session["id"].as_str().unwrap()))
            .header("authorization", format!("OAuth {}", World::TOKEN))
            .header("file_offset", "0")
            .body(Body::from("bytes"))
            .unwrap();
        let (status, answer) = self.bench.request(bytes).await;
        assert_eq!(status, 200, "{answer}");
        answer["h"].as_str().unwrap().to_owned()
    }

    /// Makes the call.
    pub(crate) async fn make(&self, call: &str, query: &str, body: Option<Value>) -> (u16, Value) {
        if call == "POST /{Phone-Number-ID}/media" {
            // The examples are a command line's; the file goes as a form.
            let file = body.unwrap()["file"].as_str().unwrap().to_owned();
            let kind = file.rsplit("type=").next().unwrap();
            let mime = match kind {
                "ogg" => "audio/ogg",
                "webp" => "image/webp",
                other => other,
            };
            return self.bench.request(upload(mime)).await;
        }
        if call == "POST /{Flow-ID}/assets" {
            return self.bench.request(flow_json(&self.path(call))).await;
        }
        let body = body.or_else(|| self.form(call));
        let (method, _) = call.split_once(' ').unwrap();
        self.bench.call(method, &format!("{}{query}", self.path(call)), body).await
    }
}

/// Handles of Meta's own uploads become one of this world.
fn replace_handles(value: &mut Value, handle: &str) {
    match value {
        Value::String(text) if text.starts_with("4::") => handle.clone_into(text),
        Value::Array(list) => list.iter_mut().for_each(|v| replace_handles(v, handle)),
        Value::Object(object) => object.values_mut().for_each(|v| replace_handles(v, handle)),
        _ => {}
    }
}

fn flow_json(path: &str) -> Request {
    let body = "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nflow.json\r\n\
         --x\r\nContent-Disposition: form-data; name=\"asset_type\"\r\n\r\nFLOW_JSON\r\n\
         --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"flow.json\"\r\nContent-Type: application/json\r\n\r\n{\"version\": \"7.3\", \"tune\": 1}\r\n--x--\r\n";
    Request::post(path)
        .header("authorization", format!("Bearer {}", World::TOKEN))
        .header("content-type", "multipart/form-data; boundary=x")
        .body(Body::from(body))
        .unwrap()
}

fn upload(mime: &str) -> Request {
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n\
         --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\nContent-Type: {mime}\r\n\r\nbytes\r\n--x--\r\n"
    );
    Request::post(format!("/v23.0/{}/media", World::NUMBER_ID))
        .header("authorization", format!("Bearer {}", World::TOKEN))
        .header("content-type", "multipart/form-data; boundary=x")
        .body(Body::from(body))
        .unwrap()
}
