//! Reading webhooks: recorded shapes, broken neighbours, hostile bytes.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use proptest::prelude::*;
use serde_json::{Value, json};
use tisara_cloud_api::webhook::{
    self, ContentRef, Envelope, MAX_BODY_BYTES, MAX_VALUES, MessagesValue, Payload, PricingType, StatusKind,
    WebhookError,
};

fn body(field: &str, value: &Value) -> Vec<u8> {
    serde_json::to_vec(&json!({"object":"whatsapp_business_account",
        "entry":[{"id":"102290129340398","changes":[{"value":value,"field":field}]}]}))
    .unwrap()
}

fn messages<'a>(envelope: &'a Envelope<'_>) -> &'a MessagesValue<'a> {
    match &envelope.entry[0].changes[0].payload {
        Payload::Messages(value) => value,
        other => panic!("{other:?}"),
    }
}

fn metadata() -> Value {
    json!({"display_phone_number":"15550783881","phone_number_id":"106540352242922"})
}

#[test]
fn a_status_is_read_with_price_and_callback_data() {
    let body = body(
        "messages",
        &json!({"messaging_product":"whatsapp","metadata":metadata(),
        "contacts":[{"profile":{"name":"Sheena","username":"realsheena"},"wa_id":"16505551234","user_id":"US.1349"}],
        "statuses":[{"id":"wamid.X","status":"delivered","timestamp":"1750030073","recipient_id":"16505551234",
            "recipient_user_id":"US.1349","biz_opaque_callback_data":"message_01h",
            "conversation":{"id":"c1","expiration_timestamp":"1750116480","origin":{"type":"marketing"}},
            "pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"marketing"},"brand_new":1}]}),
    );
    let envelope = webhook::parse(&body).unwrap();
    assert!(envelope.malformed.is_empty(), "{:?}", envelope.malformed);
    let status = &messages(&envelope).statuses[0];
    assert_eq!(status.status, StatusKind::Delivered);
    assert_eq!(status.timestamp.micros(), Some(1_750_030_073_000_000));
    assert_eq!(status.biz_opaque_callback_data.as_deref(), Some("message_01h"));
    assert_eq!(status.pricing.as_ref().unwrap().kind, Some(PricingType::Regular));
    assert_eq!(status.extra["brand_new"], 1);
    assert!(status.id.is_borrowed());
}

#[test]
fn a_failed_status_says_why() {
    let body = body(
        "messages",
        &json!({"metadata":metadata(),"statuses":[{"id":"wamid.X","status":"failed","timestamp":1750030073,
        "errors":[{"code":131049,"title":"t","message":"t","error_data":{"details":"why"},"href":"https://x"}]}]}),
    );
    let envelope = webhook::parse(&body).unwrap();
    let error = &messages(&envelope).statuses[0].errors[0];
    assert_eq!((error.code, error.text()), (131_049, Some("why")));
    assert_eq!(error.action(), tisara_cloud_api::codes::Action::WaitDay);
}

#[test]
fn field_may_stand_before_value_and_ids_may_be_numbers() {
    let body = br#"{"object":"whatsapp_business_account","entry":[{"id":102290129340398,"time":"1743451903",
        "changes":[{"field":"messages","value":{"statuses":[{"id":"w","status":"read","timestamp":"1"}]}}]}]}"#;
    let envelope = webhook::parse(body).unwrap();
    assert_eq!(envelope.entry[0].id, "102290129340398");
    assert_eq!(envelope.entry[0].time.map(|time| time.0), Some(1_743_451_903));
    assert_eq!(messages(&envelope).statuses.len(), 1);
}

#[test]
fn each_kind_of_message_is_read() {
    let body = body(
        "messages",
        &json!({"metadata":metadata(),"messages":[
        {"from":"1650","id":"1","timestamp":"1","type":"text","text":{"body":"Hi"}},
        {"from":"1650","id":"2","timestamp":"1","type":"button","button":{"payload":"STOP","text":"Stop"},
            "context":{"from":"1555","id":"wamid"}},
        {"from":"1650","id":"3","timestamp":"1","type":"interactive",
            "interactive":{"type":"list_reply","list_reply":{"id":"r1","title":"Row","description":"d"}}},
        {"from":"1650","id":"4","timestamp":"1","type":"audio",
            "audio":{"mime_type":"audio/ogg; codecs=opus","sha256":"x","id":"9","url":"https://x","voice":true}},
        {"id":"5","type":"system","system":{"type":"user_changed_user_id","body":"b","user_id":"US.NEW","previous_user_id":"US.OLD"}},
        {"from":"1650","id":"6","timestamp":"1","type":"hologram","hologram":{"x":1}},
        {"from":"1650","id":"7","timestamp":"1","type":"interactive"},
    ],"errors":[{"code":131000,"title":"Something went wrong"}]}),
    );
    let envelope = webhook::parse(&body).unwrap();
    assert!(envelope.malformed.is_empty(), "{:?}", envelope.malformed);
    let value = messages(&envelope);
    let contents: Vec<_> = value.messages.iter().map(webhook::InboundMessage::content).collect();
    assert!(matches!(contents[0], ContentRef::Text(text) if text.body == "Hi"));
    assert!(matches!(contents[1], ContentRef::Button(tap) if tap.payload.as_deref() == Some("STOP")));
    assert!(
        matches!(contents[2], ContentRef::Interactive(answer) if answer.list_reply.as_ref().unwrap().id == "r1")
    );
    assert!(matches!(contents[3], ContentRef::Audio(media) if media.voice == Some(true)));
    assert!(
        matches!(contents[4], ContentRef::System(change) if change.previous_user_id.as_deref() == Some("US.OLD"))
    );
    assert!(matches!(contents[5], ContentRef::Other(kind) if kind.as_str() == "hologram"));
    assert!(
        matches!(contents[6], ContentRef::Other(_)),
        "the object of an interactive message may be missing"
    );
    assert_eq!(value.messages[5].extra["hologram"], json!({"x":1}));
    assert_eq!(value.errors[0].code, 131_000);
}

#[test]
fn one_bad_element_does_not_spoil_its_neighbours() {
    let body = body(
        "messages",
        &json!({"metadata":metadata(),"statuses":[
        {"id":"a","status":"sent","timestamp":"1"},
        {"id":"b","status":"sent","timestamp":"not a time"},
        {"status":"sent","timestamp":"1"},
        17,
        {"id":"c","status":"read","timestamp":"1"}]}),
    );
    let envelope = webhook::parse(&body).unwrap();
    let ids: Vec<_> = messages(&envelope).statuses.iter().map(|status| status.id.as_str()).collect();
    assert_eq!(ids, ["a", "c"]);
    assert_eq!(envelope.malformed.len(), 3);
    assert_eq!(envelope.malformed[0].part, "statuses");
    assert!(envelope.malformed[0].raw.get().contains("not a time"));
    assert!(!envelope.malformed[0].error.contains("not a time"), "reasons go to logs");
    assert_eq!(messages(&envelope).metadata.as_ref().unwrap().phone_number_id, "106540352242922");
}

#[test]
fn one_bad_entry_or_change_does_not_spoil_its_neighbours() {
    let body = br#"{"object":"whatsapp_business_account","entry":[
        {"id":"1","changes":[{"field":"messages"},7,{"field":"messages","value":{}}]},
        "nonsense",
        {"id":"2","time":{"odd":1},"changes":[{"field":"messages","value":[]}]},
        {"id":"3","changes":[{"field":"messages","value":{}}]}]}"#;
    let envelope = webhook::parse(body).unwrap();
    let ids: Vec<_> = envelope.entry.iter().map(|entry| (entry.id.as_str(), entry.changes.len())).collect();
    assert_eq!(ids, [("1", 1), ("2", 1), ("3", 1)]);
    let parts: Vec<_> = envelope.malformed.iter().map(|element| element.part.as_str()).collect();
    assert_eq!(parts, ["changes", "changes", "entry", "time", "messages"], "{:?}", envelope.malformed);
    assert_eq!(envelope.entry[1].extra["time"], json!({"odd": 1}), "what cannot be read is kept");
}

#[test]
fn an_unknown_field_keeps_its_value_byte_for_byte() {
    let body = br#"{"object":"x","entry":[{"id":"1","changes":[{"value": {"b" : 1.50, "a":[ ]} ,"field":"new_thing"}]}]}"#;
    let envelope = webhook::parse(body).unwrap();
    let Payload::Unknown(raw) = &envelope.entry[0].changes[0].payload else { panic!() };
    assert_eq!(raw.get(), r#"{"b" : 1.50, "a":[ ]}"#);
}

#[test]
fn what_is_no_envelope_is_an_error() {
    for body in [&b""[..], b"{", b"[]", b"{}", b"{\"entry\":{}}", b"\xff\xfe", b"null"] {
        assert!(matches!(webhook::parse(body), Err(WebhookError::NotAnEnvelope(_))), "{body:?}");
    }
}

#[test]
fn every_limit_has_its_own_error() {
    let long = vec![b' '; MAX_BODY_BYTES + 1];
    assert!(
        matches!(webhook::parse(&long), Err(WebhookError::TooLarge { bytes }) if bytes == MAX_BODY_BYTES + 1)
    );
    let many = format!(r#"{{"entry":[{}0]}}"#, "0,".repeat(MAX_VALUES + 1));
    assert!(
        matches!(webhook::parse(many.as_bytes()), Err(WebhookError::TooMany { values }) if values > MAX_VALUES)
    );
    let fewer = format!(r#"{{"entry":[{}0]}}"#, "0,".repeat(MAX_VALUES - 10));
    assert_eq!(webhook::parse(fewer.as_bytes()).unwrap().malformed.len(), MAX_VALUES - 9);
    let deep = "[".repeat(200);
    for body in [
        deep.clone(),
        format!(r#"{{"entry":{deep}"#),
        format!(r#"{{"a":{deep}{},"entry":[]}}"#, "]".repeat(200)),
    ] {
        let error = webhook::parse(body.as_bytes()).unwrap_err();
        assert!(matches!(error, WebhookError::TooDeep { most: 127 }), "{error:?}");
    }
    let text = error_text(b"{\"entry\":[],\"a\":\"0771234567");
    assert!(!text.contains("0771234567"), "reasons go to logs: {text}");
}

fn error_text(body: &[u8]) -> String {
    webhook::parse(body).unwrap_err().to_string()
}

#[test]
fn a_member_that_cannot_be_read_is_kept_beside_the_others() {
    let body = body(
        "calls",
        &json!({"metadata":7,"calls":{"not":"a list"},"statuses":[
            {"id":"wacid.A","status":"RINGING","timestamp":"1"}, {"id":"wacid.B"}]}),
    );
    let envelope = webhook::parse(&body).unwrap();
    let Payload::Calls(value) = &envelope.entry[0].changes[0].payload else { panic!() };
    assert_eq!(value.statuses.len(), 1);
    assert_eq!((&value.extra["metadata"], &value.extra["calls"]), (&json!(7), &json!({"not":"a list"})));
    let parts: Vec<_> = envelope.malformed.iter().map(|element| element.part.as_str()).collect();
    assert_eq!(parts, ["metadata", "calls", "statuses"]);
}

#[test]
fn a_member_that_stands_twice_loses_nothing() {
    let value = r#"{"metadata":{"phone_number_id":"1"},"statuses":[{"id":"a","status":"sent","timestamp":"1"}],
        "metadata":{"phone_number_id":"2"},"statuses":[{"id":"b","status":"sent","timestamp":"1"}]}"#;
    let body = format!(r#"{{"entry":[{{"changes":[{{"field":"messages","value":{value}}}]}}]}}"#);
    let envelope = webhook::parse(body.as_bytes()).unwrap();
    let value = messages(&envelope);
    assert_eq!(value.statuses.len(), 2);
    assert_eq!(value.metadata.as_ref().unwrap().phone_number_id, "1");
    assert_eq!(value.extra["metadata"]["phone_number_id"], "2");
    let written = serde_json::to_vec(&envelope).unwrap();
    assert_eq!(envelope, webhook::parse(&written).unwrap());
}

#[test]
fn one_bad_element_spoils_no_list_of_any_field() {
    let lists = [
        ("messages", "messages"),
        ("messages", "statuses"),
        ("messages", "contacts"),
        ("messages", "errors"),
        ("messages", "user_actions"),
        ("user_preferences", "user_preferences"),
        ("smb_message_echoes", "message_echoes"),
        ("message_echoes", "message_echoes"),
        ("smb_app_state_sync", "state_sync"),
        ("history", "history"),
        ("history", "messages"),
        ("calls", "calls"),
        ("calls", "statuses"),
        ("group_lifecycle_update", "groups"),
        ("group_participants_update", "groups"),
        ("group_settings_update", "groups"),
        ("group_status_update", "groups"),
        ("automatic_events", "automatic_events"),
        ("standby", "messages"),
        ("standby", "statuses"),
        ("user_id_update", "user_id_update"),
        ("tracking_events", "contacts"),
        ("consumer_profile", "contacts"),
    ];
    for (field, list) in lists {
        let body = body(field, &json!({"metadata": metadata(), list: [17], "kept": true}));
        let envelope = webhook::parse(&body).unwrap();
        let payload = &envelope.entry[0].changes[0].payload;
        assert!(!matches!(payload, Payload::Unknown(_)), "{field}.{list}");
        assert_eq!(envelope.malformed.len(), 1, "{field}.{list}");
        assert_eq!(envelope.malformed[0].part, list, "{field}");
        let written = serde_json::to_value(&envelope).unwrap();
        let value = &written["entry"][0]["changes"][0]["value"];
        assert_eq!(value["metadata"], metadata(), "{field}.{list}");
        assert_eq!(value["kept"], true, "{field}.{list}");
    }
}

#[test]
fn depth_is_bounded_without_losing_the_neighbours() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = format!(
        r#"{{"object":"x","entry":[{{"id":"1","changes":[{{"field":"messages","value":{{"statuses":[
        {{"id":"a","status":"sent","timestamp":"1"}},{{"id":"b","status":"sent","timestamp":"1","deep":{deep}}}]}}}}]}}]}}"#
    );
    let envelope = webhook::parse(body.as_bytes()).unwrap();
    assert_eq!(messages(&envelope).statuses.len(), 1);
    assert_eq!(envelope.malformed.len(), 1);
}

fn status() -> impl Strategy<Value = Value> {
    (
        "[a-zA-Z0-9=./]{1,40}",
        "(sent|delivered|read|failed|[a-z]{1,8})",
        0..=i64::MAX,
        proptest::option::of(".{0,20}"),
    )
        .prop_map(|(id, status, time, data)| {
            let mut value = json!({"id":id,"status":status,"timestamp":time.to_string()});
            if let Some(data) = data {
                value["biz_opaque_callback_data"] = json!(data);
            }
            value
        })
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = webhook::parse(&bytes);
    }

    #[test]
    fn mutated_envelopes_never_panic(
        statuses in proptest::collection::vec(status(), 0..4),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = body("messages", &json!({"metadata":metadata(),"statuses":statuses}));
        for (index, byte) in cuts {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(envelope) = webhook::parse(&bytes) {
            serde_json::to_vec(&envelope).unwrap();
        }
    }

    #[test]
    fn statuses_survive_a_round_trip(statuses in proptest::collection::vec(status(), 0..5)) {
        let bytes = body("messages", &json!({"metadata":metadata(),"statuses":statuses}));
        let first = webhook::parse(&bytes).unwrap();
        prop_assert!(first.malformed.is_empty());
        let written = serde_json::to_vec(&first).unwrap();
        let second = webhook::parse(&written).unwrap();
        prop_assert_eq!(&first, &second);
    }
}

#[test]
fn a_known_field_in_an_unknown_shape_is_kept_raw() {
    let body = body("message_template_status_update", &json!({"event": {"odd": 1}}));
    let envelope = webhook::parse(&body).unwrap();
    assert!(matches!(&envelope.entry[0].changes[0].payload, Payload::Unknown(_)));
    assert_eq!(envelope.malformed[0].part, "message_template_status_update");
}

#[test]
fn one_bad_message_of_a_history_does_not_spoil_the_chat() {
    let body = body(
        "history",
        &json!({"metadata":metadata(),"history":[{"metadata":{"phase":0,"progress":100},"threads":[{"id":"1650","messages":[
            {"id":"a","timestamp":"1","type":"text","text":{"body":"x"}}, {"id":["odd"]}]}]}]}),
    );
    let envelope = webhook::parse(&body).unwrap();
    let Payload::History(history) = &envelope.entry[0].changes[0].payload else { panic!() };
    assert_eq!(history.history[0].threads[0].messages.len(), 1);
    assert_eq!(envelope.malformed.len(), 1);
}
