//! The world an emulator has when nobody describes one.

use super::{
    AppSettings, CatalogSettings, FlowSettings, NumberSettings, ObjectId, PortfolioSettings, ProductSettings,
    TemplateSettings, TokenSettings, WabaSettings, World,
};
use serde_json::{Value, json};

pub(super) fn world() -> World {
    World {
        apps: vec![AppSettings {
            id: World::APP_ID,
            name: "Emulator App".into(),
            secret: World::APP_SECRET.into(),
            verify_token: World::VERIFY_TOKEN.into(),
            webhook_version: 25,
            ..AppSettings::default()
        }],
        tokens: vec![TokenSettings {
            token: World::TOKEN.into(),
            app: World::APP_ID,
            ..TokenSettings::default()
        }],
        portfolios: vec![PortfolioSettings {
            id: World::PORTFOLIO_ID,
            name: "Emulator Business".into(),
            wabas: vec![WabaSettings {
                id: World::WABA_ID,
                name: "Emulator Account".into(),
                subscribed_apps: vec![World::APP_ID],
                numbers: vec![NumberSettings {
                    id: World::NUMBER_ID,
                    phone: "+1 555-078-3881".into(),
                    verified_name: "Jasper's Market".into(),
                    ..NumberSettings::default()
                }],
                templates: templates(),
                flows: vec![FlowSettings {
                    id: World::FLOW_ID,
                    app: World::APP_ID,
                    name: "book_a_visit".into(),
                    categories: vec!["APPOINTMENT_BOOKING".into()],
                    status: "PUBLISHED".into(),
                    flow_json: Some(include_str!("booking_flow.json").into()),
                    ..FlowSettings::default()
                }],
                ..WabaSettings::default()
            }],
            catalogs: vec![CatalogSettings {
                id: World::CATALOG_ID,
                name: "Teas".into(),
                wabas: vec![World::WABA_ID],
                products: vec![product(1, "Green tea", 129_000), product(2, "Black tea", 95_000)],
            }],
            ..PortfolioSettings::default()
        }],
    }
}

fn product(n: u64, name: &str, price: i64) -> ProductSettings {
    ProductSettings {
        id: ObjectId(255_000_000_000_000 + n),
        retailer_id: format!("sku-{n}"),
        name: name.into(),
        price,
        currency: "LKR".into(),
        availability: "in stock".into(),
        ..ProductSettings::default()
    }
}

fn template(n: u64, name: &str, category: &str, components: Value) -> TemplateSettings {
    TemplateSettings {
        id: ObjectId(1_407_680_676_000_000 + n),
        name: name.into(),
        category: category.into(),
        components,
        quality: "GREEN".into(),
        ..TemplateSettings::default()
    }
}

fn templates() -> Vec<TemplateSettings> {
    let body = |text: &str, values: &[&str]| {
        if values.is_empty() {
            json!({"type": "BODY", "text": text})
        } else {
            json!({"type": "BODY", "text": text, "example": {"body_text": [values]}})
        }
    };
    let image_header =
        json!({"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW1hZ2UvcG5n"]}});
    vec![
        template(
            1,
            "hello_world",
            "UTILITY",
            json!([
                {"type": "HEADER", "format": "TEXT", "text": "Hello World"},
                body("Welcome and congratulations!! This message demonstrates your ability to send a WhatsApp message notification from the Cloud API.", &[]),
                {"type": "FOOTER", "text": "WhatsApp Business Platform sample message"},
            ]),
        ),
        template(
            2,
            "seasonal_sale",
            "MARKETING",
            json!([
                {"type": "HEADER", "format": "TEXT", "text": "Our {{1}} is on!", "example": {"header_text": ["Summer Sale"]}},
                body("Hello {{1}}, shop now and use code {{2}} to get {{3}} off all merchandise.", &["Pablo", "25OFF", "25%"]),
                {"type": "FOOTER", "text": "Use the buttons below to manage your subscription"},
                {"type": "BUTTONS", "buttons": [
                    {"type": "QUICK_REPLY", "text": "Show me"},
                    {"type": "QUICK_REPLY", "text": "Stop promotions"},
                ]},
            ]),
        ),
        template(
            3,
            "order_update",
            "UTILITY",
            json!([
                body("Hi {{1}}, your order {{2}} has left our shop and arrives on {{3}}.", &["Pablo", "860198", "Friday"]),
                {"type": "BUTTONS", "buttons": [
                    {"type": "URL", "text": "Track order", "url": "https://example.com/track/{{1}}", "example": ["https://example.com/track/860198"]},
                    {"type": "PHONE_NUMBER", "text": "Call us", "phone_number": "+15550783881"},
                ]},
            ]),
        ),
        template(
            4,
            "login_code",
            "AUTHENTICATION",
            json!([
                {"type": "BODY", "text": "*{{1}}* is your verification code. For your security, do not share this code.", "add_security_recommendation": true, "example": {"body_text": [["123456"]]}},
                {"type": "FOOTER", "text": "This code expires in 10 minutes.", "code_expiration_minutes": 10},
                {"type": "BUTTONS", "buttons": [
                    {"type": "URL", "text": "Copy code", "url": "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}", "example": ["https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp123456"]},
                ]},
            ]),
        ),
        template(
            5,
            "new_arrival",
            "MARKETING",
            json!([
                image_header,
                body("Hi {{1}}, this just came in and we thought of you.", &["Pablo"]),
                {"type": "BUTTONS", "buttons": [
                    {"type": "QUICK_REPLY", "text": "Tell me more"},
                    {"type": "URL", "text": "Shop", "url": "https://example.com/shop"},
                ]},
            ]),
        ),
        TemplateSettings {
            parameter_format: "NAMED".into(),
            ..template(
                6,
                "appointment_reminder",
                "UTILITY",
                json!([
                    {"type": "BODY", "text": "Hello {{first_name}}, we see you on {{day}} at {{hour}}.", "example": {"body_text_named_params": [
                        {"param_name": "first_name", "example": "Pablo"},
                        {"param_name": "day", "example": "Friday"},
                        {"param_name": "hour", "example": "10:30"},
                    ]}},
                    {"type": "BUTTONS", "buttons": [
                        {"type": "QUICK_REPLY", "text": "I will come"},
                        {"type": "QUICK_REPLY", "text": "Another day"},
                    ]},
                ]),
            )
        },
        template(
            7,
            "coupon",
            "MARKETING",
            json!([
                body("Only for you, {{1}}: show this code at the till.", &["Pablo"]),
                {"type": "BUTTONS", "buttons": [
                    {"type": "COPY_CODE", "text": "Copy offer code", "example": "250FF"},
                    {"type": "QUICK_REPLY", "text": "No thanks"},
                ]},
            ]),
        ),
        template(
            8,
            "invoice_ready",
            "UTILITY",
            json!([
                {"type": "HEADER", "format": "DOCUMENT", "example": {"header_handle": ["4::YXBwbGljYXRpb24vcGRm"]}},
                body("Dear {{1}}, your invoice is attached. Thank you for your custom.", &["Pablo"]),
            ]),
        ),
        TemplateSettings {
            language: "si_LK".into(),
            ..template(
                9,
                "seasonal_sale",
                "MARKETING",
                json!([body("ආයුබෝවන් {{1}}, අද දින විශේෂ වට්ටම් ලබා ගන්න.", &["නිමල්"]),]),
            )
        },
        TemplateSettings {
            status: "PAUSED".into(),
            quality: "RED".into(),
            ..template(10, "tired_offer", "MARKETING", json!([body("Have you seen our offer today?", &[])]))
        },
        TemplateSettings {
            status: "REJECTED".into(),
            rejected_reason: "INVALID_FORMAT".into(),
            quality: "UNKNOWN".into(),
            ..template(11, "refused_offer", "MARKETING", json!([body("Win now!!!", &[])]))
        },
    ]
}
