//! Groups: made, joined, written to, changed, left, suspended.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

mod support;

use serde_json::{Value, json};
use support::{Bench, code, details, template};
use tisara_domain::Duration;
use tisara_emulator::{World, settings::ObjectId};

const NIMAL: &str = "94771234567";
const SHEENA: &str = "94771234568";

fn path() -> String {
    format!("/v25.0/{}/groups", World::NUMBER_ID)
}

async fn made(b: &Bench, more: Value) -> (String, Value) {
    let mut new = json!({"messaging_product": "whatsapp", "subject": " Trip to Ella ", "description": "May"});
    new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (status, asked) = b.post(&path(), new).await;
    assert_eq!(status, 200, "{asked}");
    b.emulator.deliver_due().await;
    let told = b.receiver.values("group_lifecycle_update").pop().unwrap()["groups"][0].clone();
    assert_eq!(told["request_id"], asked["request_id"]);
    (told["group_id"].as_str().unwrap().to_owned(), told)
}

async fn user(b: &Bench, phone: &str, step: Value) -> (u16, Value) {
    b.post(&format!("/_emulator/users/{phone}/group"), step).await
}

/// A group with two people in it.
async fn joined(b: &Bench) -> String {
    let (id, _) = made(b, json!({})).await;
    for phone in [NIMAL, SHEENA] {
        assert_eq!(user(b, phone, json!({"group": id})).await.0, 200);
    }
    id
}

fn to_group(id: &str, message: Value) -> Value {
    let mut all = json!({"messaging_product": "whatsapp", "recipient_type": "group", "to": id});
    all.as_object_mut().unwrap().extend(message.as_object().unwrap().clone());
    all
}

fn participants(b: &Bench) -> Vec<Value> {
    b.receiver.values("group_participants_update").iter().map(|v| v["groups"][0].clone()).collect()
}

#[tokio::test]
async fn a_group_is_made_read_changed_and_deleted() {
    let b = Bench::new();
    let (id, told) = made(&b, json!({})).await;
    assert_eq!(
        (&told["type"], &told["subject"], &told["join_approval_mode"]),
        (&json!("group_create"), &json!("Trip to Ella"), &json!("auto_approve"))
    );
    assert!(
        id.starts_with("Y2FwaV9ncm91cDo")
            && told["invite_link"].as_str().unwrap().starts_with("https://chat.whatsapp.com/")
    );
    let (_, list) = b.get(&path()).await;
    assert_eq!(
        (&list["data"]["groups"][0]["id"], &list["data"]["groups"][0]["subject"]),
        (&json!(id), &json!("Trip to Ella"))
    );
    assert_eq!(b.get(&format!("/v25.0/{id}")).await.1, json!({"id": id}));
    user(&b, NIMAL, json!({"group": id})).await;
    let fields = "subject,description,participants,total_participant_count,join_approval_mode,suspended,creation_timestamp";
    let (_, read) = b.get(&format!("/v25.0/{id}?fields={fields}")).await;
    assert_eq!(
        (&read["participants"][0]["wa_id"], &read["total_participant_count"], &read["suspended"]),
        (&json!(NIMAL), &json!(1), &json!(false))
    );
    let change = json!({"messaging_product": "whatsapp", "subject": "Trip to Galle"});
    let (_, asked) = b.post(&format!("/v25.0/{id}"), change).await;
    b.emulator.deliver_due().await;
    let told = b.receiver.values("group_settings_update")[0]["groups"][0].clone();
    assert_eq!(
        (&told["request_id"], &told["group_subject"]),
        (&asked["request_id"], &json!({"text": "Trip to Galle", "update_successful": true}))
    );
    assert_eq!(b.call("DELETE", &format!("/v25.0/{id}"), None).await.1["success"], true);
    assert_eq!(code(&b.get(&format!("/v25.0/{id}")).await.1), 131_041);
    b.emulator.deliver_due().await;
    assert_eq!(
        b.receiver.values("group_lifecycle_update").pop().unwrap()["groups"][0]["type"],
        "group_delete"
    );
}

#[tokio::test]
async fn a_group_needs_a_name_and_a_number_that_may_have_groups() {
    let b = Bench::new();
    for wrong in [
        json!({"subject": "x"}),
        json!({"messaging_product": "whatsapp", "subject": " "}),
        json!({"messaging_product": "whatsapp", "subject": "x".repeat(129)}),
        json!({"messaging_product": "whatsapp", "subject": "x", "join_approval_mode": "maybe"}),
    ] {
        assert_eq!(code(&b.post(&path(), wrong).await.1), 100);
    }
    b.post("/_emulator/config", json!({"groups": {"most_groups": 1}})).await;
    made(&b, json!({})).await;
    assert_eq!(
        code(&b.post(&path(), json!({"messaging_product": "whatsapp", "subject": "x"})).await.1),
        131_211
    );
    let small = Bench::with(|s| s.world.portfolios[0].limit = 2_000);
    assert_eq!(code(&small.get(&path()).await.1), 131_215);
}

#[tokio::test]
async fn people_join_by_the_present_link_and_eight_at_most() {
    let b = Bench::new();
    let (id, told) = made(&b, json!({})).await;
    let link = format!("/v25.0/{id}/invite_link");
    assert_eq!(b.get(&link).await.1["invite_link"], told["invite_link"]);
    let (_, fresh) = b.post(&link, json!({"messaging_product": "whatsapp"})).await;
    assert_ne!(fresh["invite_link"], told["invite_link"]);
    assert_eq!(user(&b, NIMAL, json!({"link": told["invite_link"]})).await.0, 404);
    for n in 0..8 {
        assert_eq!(
            user(&b, &format!("9477100000{n}"), json!({"link": fresh["invite_link"]})).await.1["state"],
            "joined"
        );
    }
    assert_eq!(user(&b, NIMAL, json!({"link": fresh["invite_link"]})).await.0, 400);
    b.emulator.deliver_due().await;
    let first = participants(&b)[0].clone();
    assert_eq!(
        (&first["type"], &first["reason"], &first["added_participants"][0]["wa_id"]),
        (&json!("group_participants_add"), &json!("invite_link"), &json!("94771000000"))
    );
    assert_eq!(
        b.call("DELETE", &link, Some(json!({"messaging_product": "whatsapp"}))).await.1["success"],
        "true"
    );
    assert_eq!(code(&b.get(&link).await.1), 100);
}

#[tokio::test]
async fn who_asks_is_let_in_or_refused() {
    let b = Bench::new();
    let (id, _) = made(&b, json!({"join_approval_mode": "approval_required"})).await;
    let mut ids = Vec::new();
    for phone in [NIMAL, SHEENA, "94771234569"] {
        ids.push(user(&b, phone, json!({"group": id})).await.1["join_request_id"].clone());
    }
    assert_eq!(
        user(&b, "94771234569", json!({"group": id, "action": "cancel"})).await.1["state"],
        "cancelled"
    );
    let requests = format!("/v25.0/{id}/join_requests");
    let (_, list) = b.get(&requests).await;
    assert_eq!((list["data"].as_array().unwrap().len(), &list["data"][0]["wa_id"]), (2, &json!(NIMAL)));
    let (_, approved) =
        b.post(&requests, json!({"messaging_product": "whatsapp", "join_requests": [ids[0], "none"]})).await;
    assert_eq!(approved["approved_join_requests"], json!([ids[0]]));
    assert_eq!(approved["failed_join_requests"][0]["errors"][0]["code"], 131_213);
    let (_, rejected) = b
        .call("DELETE", &requests, Some(json!({"messaging_product": "whatsapp", "join_requests": [ids[1]]})))
        .await;
    assert_eq!(rejected["rejected_join_requests"], json!([ids[1]]));
    b.emulator.deliver_due().await;
    let kinds: Vec<String> =
        participants(&b).iter().map(|g| g["type"].as_str().unwrap().to_owned()).collect();
    let asked = "group_join_request_created";
    assert_eq!(kinds, [asked, asked, asked, "group_join_request_revoked", "group_participants_add"]);
    assert_eq!(
        b.get(&format!("/v25.0/{id}?fields=total_participant_count")).await.1["total_participant_count"],
        1
    );
}

#[tokio::test]
async fn people_are_removed_and_leave() {
    let b = Bench::new();
    let id = joined(&b).await;
    let path = format!("/v25.0/{id}/participants");
    let remove = |who: Value| {
        b.call("DELETE", &path, Some(json!({"messaging_product": "whatsapp", "participants": who})))
    };
    assert_eq!(code(&remove(json!([{"user": NIMAL}, {"user": format!("+{NIMAL}")}])).await.1), 131_202);
    let (status, asked) = remove(json!([{"user": format!("+{NIMAL}")}, {"user": "94770000000"}])).await;
    assert_eq!(status, 200, "{asked}");
    user(&b, SHEENA, json!({"group": id, "action": "leave"})).await;
    b.emulator.deliver_due().await;
    let all = participants(&b);
    let removed = &all[2];
    assert_eq!(
        (&removed["request_id"], &removed["removed_participants"][0]["input"], &removed["initiated_by"]),
        (&asked["request_id"], &json!(format!("+{NIMAL}")), &json!("business"))
    );
    assert_eq!(
        (&removed["failed_participants"][0]["errors"][0]["code"], &removed["errors"][0]["code"]),
        (&json!(131_212), &json!(131_201))
    );
    assert_eq!(
        (&all[3]["initiated_by"], &all[3]["removed_participants"][0]["wa_id"]),
        (&json!("participant"), &json!(SHEENA))
    );
    assert_eq!(code(&b.send(to_group(&id, json!({"type": "text", "text": {"body": "x"}}))).await.1), 131_020);
}

#[tokio::test]
async fn a_message_goes_to_all_and_its_statuses_come_together() {
    let b = Bench::with(|s| s.behaviour.population.reads = 1.0);
    let id = joined(&b).await;
    let said = json!({"message": {"type": "text", "text": {"body": "When?"}, "group_id": id}});
    assert_eq!(b.post(&format!("/_emulator/users/{NIMAL}/say"), said.clone()).await.0, 200);
    assert_eq!(b.post("/_emulator/users/94770000000/say", said).await.0, 404);
    b.emulator.deliver_due().await;
    let heard = b.receiver.messages()[0].clone();
    assert_eq!((&heard["group_id"], &heard["from"]), (&json!(id), &json!(NIMAL)));
    let (status, sent) = b
        .send(to_group(
            &id,
            json!({"type": "text", "text": {"body": "On Friday"}, "biz_opaque_callback_data": "g.1"}),
        ))
        .await;
    assert_eq!(status, 200, "{sent}");
    assert_eq!((&sent["contacts"][0]["wa_id"], &sent["messages"][0]["group_id"]), (&json!(id), &json!(id)));
    b.settle().await;
    let values = b.receiver.values("messages");
    let told: Vec<(String, usize)> = values
        .iter()
        .filter_map(|v| {
            Some((v["statuses"][0]["status"].as_str()?.to_owned(), v["statuses"].as_array()?.len()))
        })
        .collect();
    assert_eq!(told, [("sent".to_owned(), 1), ("delivered".to_owned(), 2), ("read".to_owned(), 2)]);
    let delivered = values.iter().find(|v| v["statuses"][0]["status"] == "delivered").unwrap();
    let row = &delivered["statuses"][0];
    assert_eq!(
        (&row["recipient_id"], &row["recipient_type"], &row["pricing"]["category"]),
        (&json!(id), &json!("group"), &json!("group_service"))
    );
    assert!(row["recipient_participant_user_id"].is_string() && row["biz_opaque_callback_data"] == "g.1");
    assert_eq!(delivered["contacts"].as_array().unwrap().len(), 2);
    let (_, seen) = b.get(&format!("/_emulator/users/{SHEENA}")).await;
    assert_eq!(seen["thread"][0]["group_id"], id);
    let (_, report) = b.get("/_emulator/report").await;
    assert_eq!((&report["accepted"], &report["doubled"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn what_a_group_cannot_be_sent_is_refused() {
    let b = Bench::new();
    let id = joined(&b).await;
    let send = |m: Value| b.send(to_group(&id, m));
    let place = json!({"type": "location", "location": {"latitude": 1, "longitude": 2}});
    assert_eq!(code(&send(place).await.1), 131_051);
    let login = template(
        "x",
        "login_code",
        "en_US",
        json!([{"type": "body", "parameters": [{"type": "text", "text": "1"}]}, {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "1"}]}]),
    );
    assert_eq!(code(&send(json!({"type": "template", "template": login["template"]})).await.1), 131_009);
    let hello =
        json!({"type": "template", "template": {"name": "hello_world", "language": {"code": "en_US"}}});
    assert_eq!(send(hello.clone()).await.0, 200);
    // Nobody has written: a plain text fails later.
    assert_eq!(send(json!({"type": "text", "text": {"body": "x"}})).await.0, 200);
    b.settle().await;
    let failed: Vec<Value> = b.receiver.statuses().into_iter().filter(|s| s["status"] == "failed").collect();
    assert_eq!(
        (failed.len(), &failed[0]["errors"][0]["code"], &failed[0]["recipient_type"]),
        (1, &json!(131_047), &json!("group"))
    );
    b.post(&format!("/_emulator/groups/{id}"), json!({"suspended": true})).await;
    assert_eq!(code(&send(hello).await.1), 131_207);
    b.emulator.deliver_due().await;
    assert_eq!(b.receiver.values("group_status_update")[0]["groups"][0]["type"], "group_suspend");
    assert_eq!(
        code(
            &b.send(to_group("Y2FwaV9ncm91cDoNone", json!({"type": "text", "text": {"body": "x"}}))).await.1
        ),
        131_041
    );
}

#[tokio::test]
async fn a_message_is_pinned_and_a_picture_checked() {
    let b = Bench::new();
    let id = joined(&b).await;
    let hello =
        json!({"type": "template", "template": {"name": "hello_world", "language": {"code": "en_US"}}});
    let wamid = b.send(to_group(&id, hello)).await.1["messages"][0]["id"].clone();
    let pin = |days: i64| json!({"type": "pin", "pin": {"type": "pin", "message_id": wamid, "expiration_days": days}});
    assert_eq!(code(&b.send(to_group(&id, pin(31))).await.1), 131_009);
    assert_eq!(b.send(to_group(&id, pin(4))).await.0, 200);
    let mut alone = pin(4);
    alone["messaging_product"] = json!("whatsapp");
    alone["to"] = json!(format!("+{NIMAL}"));
    assert!(details(&b.send(alone).await.1).contains("groups"));
    let picture = axum::extract::Request::post(format!("/v25.0/{id}"))
        .header("authorization", format!("Bearer {}", World::TOKEN))
        .header("content-type", "multipart/form-data; boundary=x")
        .body(axum::body::Body::from("--x\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n--x\r\nContent-Disposition: form-data; name=\"profile_picture_file\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\nno picture\r\n--x--\r\n"))
        .unwrap();
    assert_eq!(code(&b.request(picture).await.1), 100);
    b.advance(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn groups_are_kept_over_a_restart() {
    let b = Bench::new();
    let id = joined(&b).await;
    let (_, state) = b.get("/_emulator/state").await;
    let fresh = Bench::new();
    assert_eq!(fresh.post("/_emulator/state", state).await.0, 200);
    let (_, read) = fresh.get(&format!("/v25.0/{id}?fields=subject,total_participant_count")).await;
    assert_eq!((&read["subject"], &read["total_participant_count"]), (&json!("Trip to Ella"), &json!(2)));
    assert_ne!(made(&fresh, json!({})).await.0, id);
    let other = Bench::with(|s| s.world.tokens[0].wabas = vec![ObjectId(5)]);
    assert_eq!(code(&other.get(&path()).await.1), 200);
}
