//! What a business offers before a word is said: a username, QR codes, prompts and commands, the shop.

mod support;

use serde_json::{Value, json};
use support::{Bench, code};
use tisara_emulator::World;

fn edge(name: &str) -> String {
    format!("/v25.0/{}/{name}", World::NUMBER_ID)
}

/// A second number of the same account, registered.
async fn second_number(b: &Bench) -> String {
    let new = json!({"cc": "1", "phone_number": "5550783999", "verified_name": "Second"});
    let (status, made) = b.post(&format!("/v25.0/{}/phone_numbers", World::WABA_ID), new).await;
    assert_eq!(status, 200, "{made}");
    let id = made["id"].as_str().unwrap_or_default().to_owned();
    b.post(&format!("/v25.0/{id}/verify_code"), json!({"code": "123456"})).await;
    let pin = json!({"messaging_product": "whatsapp", "pin": "123456"});
    assert_eq!(b.post(&format!("/v25.0/{id}/register"), pin).await.0, 200);
    id
}

#[tokio::test]
async fn a_qr_code_is_made_changed_listed_and_deleted() {
    let b = Bench::new();
    let new = json!({"prefilled_message": "Cyber Monday?", "generate_qr_image": "SVG"});
    let (status, made) = b.post(&edge("message_qrdls"), new).await;
    assert_eq!(status, 200, "{made}");
    let name = made["code"].as_str().unwrap();
    assert_eq!(name.len(), 14);
    assert_eq!(made["deep_link_url"], format!("https://wa.me/message/{name}"));
    assert!(made["qr_image_url"].is_string());

    let change = json!({"code": name, "prefilled_message": "Cyber Tuesday?"});
    let (_, changed) = b.post(&edge("message_qrdls"), change).await;
    assert_eq!((&changed["code"], changed.get("qr_image_url")), (&made["code"], None));
    let (_, other) = b.post(&edge("message_qrdls"), json!({"prefilled_message": "Hi"})).await;
    assert_ne!(other["code"], made["code"]);

    let (_, list) =
        b.get(&edge("message_qrdls?fields=code,prefilled_message,qr_image_url.format(SVG)")).await;
    assert_eq!(list["data"][0]["prefilled_message"], "Cyber Tuesday?");
    assert!(list["data"][1]["qr_image_url"].is_string());
    let one = edge(&format!("message_qrdls/{name}"));
    assert_eq!(b.get(&one).await.1["prefilled_message"], "Cyber Tuesday?");
    assert_eq!(b.call("DELETE", &one, None).await, (200, json!({"success": true})));
    assert_eq!(b.get(&one).await.1["error"]["error_subcode"], 33);
    assert_eq!(b.get(&edge("message_qrdls")).await.1["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_qr_code_keeps_metas_limits() {
    let b = Bench::new();
    for bad in [
        json!({}),
        json!({"prefilled_message": "x".repeat(141)}),
        json!({"prefilled_message": "x", "generate_qr_image": "GIF"}),
        json!({"prefilled_message": "x", "code": "NOSUCHCODE2345"}),
    ] {
        let (status, answer) = b.post(&edge("message_qrdls"), bad.clone()).await;
        assert_eq!((status, code(&answer)), (400, 100), "{bad}");
    }
}

#[tokio::test]
async fn a_username_is_claimed_told_of_and_given_up() {
    let b = Bench::new();
    assert_eq!(b.get(&edge("username")).await, (200, json!({})));
    let (_, ideas) = b.get(&edge("username_suggestions")).await;
    let idea = ideas["data"][0]["username_suggestions"][0].clone();
    assert_eq!(
        b.post(&edge("username"), json!({"username": idea})).await,
        (200, json!({"status": "approved"}))
    );
    assert_eq!(b.get(&edge("username")).await.1, json!({"username": idea, "status": "approved"}));
    let (_, ideas) = b.get(&edge("username_suggestions")).await;
    assert!(!ideas["data"][0]["username_suggestions"].as_array().unwrap().contains(&idea));
    assert_eq!(b.call("DELETE", &edge("username"), None).await.0, 200);
    assert_eq!(b.call("DELETE", &edge("username"), None).await.0, 400);
    b.emulator.deliver_due().await;
    let told = b.receiver.values("business_username_updates");
    let states: Vec<&Value> = told.iter().map(|v| &v["status"]).collect();
    assert_eq!(states, ["approved", "deleted"]);
    assert_eq!(told[0]["display_phone_number"], "15550783881");
}

#[tokio::test]
async fn a_taken_username_moves_only_by_force() {
    let b = Bench::new();
    let second = format!("/v25.0/{}/username", second_number(&b).await);
    let mut claim = json!({"username": "lucky.shrub"});
    assert_eq!(b.post(&edge("username"), claim.clone()).await.0, 200);
    assert_eq!(code(&b.post(&second, claim.clone()).await.1), 100);
    claim["transfer_action"] = json!("force_transfer");
    assert_eq!(b.post(&second, claim).await.0, 200);
    assert_eq!(b.get(&edge("username")).await.1, json!({}));
    for bad in ["ab", "ABC", "123", ".abc", "abc.", "a..b", "www.abc", "a b", &"a".repeat(36)] {
        assert_eq!(code(&b.post(&second, json!({"username": bad})).await.1), 100, "{bad}");
    }
    b.post(&edge("deregister"), json!({})).await;
    assert_eq!(code(&b.post(&edge("username"), json!({"username": "jaspers"})).await.1), 133_010);
}

#[tokio::test]
async fn prompts_and_commands_are_read_as_a_field_of_the_number() {
    let b = Bench::new();
    let wanted = json!({"enable_welcome_message": true, "prompts": ["Book a flight"],
        "commands": [{"command_name": "help", "command_description": "Talk to a person"}]});
    assert_eq!(b.post(&edge("conversational_automation"), wanted.clone()).await.0, 200);
    let number = format!("/v25.0/{}?fields=conversational_automation", World::NUMBER_ID);
    let mut read = wanted.clone();
    read["id"] = json!(World::NUMBER_ID);
    assert_eq!(b.get(&number).await.1["conversational_automation"], read);
    let written = json!({"enable_welcome_message": true, "prompts": wanted["prompts"], "commands": wanted["commands"].to_string()});
    assert_eq!(b.post(&edge("conversational_automation"), written).await.0, 200);
    assert_eq!(
        b.get(&number).await.1["conversational_automation"],
        read,
        "a list may be written as a string"
    );
    for bad in [
        json!({"prompts": ["x", "x", "x", "x", "x"]}),
        json!({"prompts": ["x".repeat(81)]}),
        json!({"prompts": "x"}),
        json!({"commands": [{"command_name": "x".repeat(33), "command_description": "y"}]}),
        json!({"commands": [{"command_name": "x"}]}),
    ] {
        assert_eq!(code(&b.post(&edge("conversational_automation"), bad.clone()).await.1), 100, "{bad}");
    }
}

#[tokio::test]
async fn the_shops_two_switches_are_kept() {
    let b = Bench::new();
    let settings = edge("whatsapp_commerce_settings");
    assert_eq!(b.get(&settings).await.1["data"][0]["is_catalog_visible"], false);
    let (status, _) =
        b.call("POST", &format!("{settings}?is_cart_enabled=false&is_catalog_visible=true"), None).await;
    assert_eq!(status, 200);
    let (_, now) = b.get(&settings).await;
    assert_eq!(
        (&now["data"][0]["is_cart_enabled"], &now["data"][0]["is_catalog_visible"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(b.post(&settings, json!({"is_cart_enabled": "perhaps"})).await.0, 400);
}
