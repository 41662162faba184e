//! Messages one can tap: buttons, lists, links, flows, products, carousels and requests.

use serde::{Deserialize, Serialize};

use super::order::{Amount, PaymentOrder, SavedAddress};
use super::simple::Media;
use crate::wire::{Extra, lenient, open_enum};

open_enum! {
    /// The kind of an interactive message; it decides what `action` holds.
    pub enum InteractiveKind {
        /// One to three reply buttons.
        Button = "button",
        /// A menu of at most ten rows.
        List = "list",
        /// A link behind a button.
        CtaUrl = "cta_url",
        /// Asks for the person's place.
        LocationRequest = "location_request_message",
        /// Asks for the person's phone number.
        RequestContactInfo = "request_contact_info",
        /// Opens a form.
        Flow = "flow",
        /// One product.
        Product = "product",
        /// Several products.
        ProductList = "product_list",
        /// The whole catalogue.
        CatalogMessage = "catalog_message",
        /// Two to ten cards side by side.
        Carousel = "carousel",
        /// A button that calls the business.
        VoiceCall = "voice_call",
        /// Asks to be allowed to call.
        CallPermissionRequest = "call_permission_request",
        /// Asks for a postal address (India, Singapore).
        AddressMessage = "address_message",
        /// An order to pay (India, Brazil).
        OrderDetails = "order_details",
        /// How an order stands (India, Brazil).
        OrderStatus = "order_status",
    }
}

/// An interactive message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interactive {
    /// The kind.
    #[serde(rename = "type")]
    pub kind: InteractiveKind,
    /// Above the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<TextPart>,
    /// Below the body, at most 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<TextPart>,
    /// What can be tapped.
    #[serde(default)]
    pub action: Action,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A text of an interactive message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TextPart {
    /// The text.
    #[serde(default)]
    pub text: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl TextPart {
    /// A text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), extra: Extra::new() }
    }
}

open_enum! {
    /// What a header shows.
    pub enum HeaderMedia {
        /// Text of at most 60 characters.
        Text = "text",
        /// A picture.
        Image = "image",
        /// A video.
        Video = "video",
        /// A file.
        Document = "document",
    }
}

/// A header. Only the member named by `kind` is set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Which of the members below is set.
    #[serde(rename = "type")]
    pub kind: HeaderMedia,
    /// Text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Media>,
    /// A video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<Media>,
    /// A file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Media>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Header {
    fn of(kind: HeaderMedia) -> Self {
        Self { kind, text: None, image: None, video: None, document: None, extra: Extra::new() }
    }

    /// A text header.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::of(HeaderMedia::Text) }
    }

    /// A picture header.
    #[must_use]
    pub fn image(media: Media) -> Self {
        Self { image: Some(media), ..Self::of(HeaderMedia::Image) }
    }

    /// A video header.
    #[must_use]
    pub fn video(media: Media) -> Self {
        Self { video: Some(media), ..Self::of(HeaderMedia::Video) }
    }

    /// A file header.
    #[must_use]
    pub fn document(media: Media) -> Self {
        Self { document: Some(media), ..Self::of(HeaderMedia::Document) }
    }
}

/// What can be tapped. Which members are set depends on the kind of message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Action {
    /// The name of an action that has `parameters` (`cta_url`, `flow`, `send_location`, …).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Box<ActionParameters>>,
    /// Label that opens a list; at most 20 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button: Option<String>,
    /// Reply buttons, or quick replies on a card.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<ReplyButton>,
    /// Sections of a list or of a list of products.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<ListSection>,
    /// The catalogue of product messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog_id: Option<String>,
    /// The product of a single-product message or card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_retailer_id: Option<String>,
    /// Cards of a carousel.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<CarouselCard>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Parameters of a named action.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionParameters {
    /// Label of the button; at most 20 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_text: Option<String>,
    /// Where a link leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How long a call button works.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub ttl_minutes: Option<u64>,
    /// Comes back when a call button is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// The product whose picture stands for the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail_product_retailer_id: Option<String>,
    /// Always `3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_message_version: Option<String>,
    /// Our own mark, back in the answer to the form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_token: Option<String>,
    /// The form by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_id: Option<String>,
    /// The form by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_name: Option<String>,
    /// Label that opens the form; at most 20 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_cta: Option<String>,
    /// `navigate` or `data_exchange`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_action: Option<String>,
    /// `{screen, data}` of `navigate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_action_payload: Option<serde_json::Value>,
    /// `draft` to try an unpublished form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Of orders: our mark, back in every payment status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<String>,
    /// Of orders: `digital-goods` or `physical-goods`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub goods: Option<String>,
    /// Of orders: `upi`, `br` and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_type: Option<String>,
    /// Of orders: by which way of being paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_configuration: Option<String>,
    /// Of orders: ways to pay, `{type, payment_link | pix_dynamic_code | boleto | payment_gateway}`.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub payment_settings: Vec<serde_json::Value>,
    /// Of orders: ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Of orders: all in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_amount: Option<Amount>,
    /// Of orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Box<PaymentOrder>>,
    /// Of the status of an order: `{status, timestamp}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<serde_json::Value>,
    /// Of addresses: two letters, `IN` or `SG`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Of addresses: what is filled in already; fields as in [`SavedAddress::value`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Extra>,
    /// Of addresses: some to choose from.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub saved_addresses: Vec<SavedAddress>,
    /// Of addresses: what was wrong, by field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_errors: Option<Extra>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A reply button: `{"type":"reply","reply":{id,title}}`, or `quick_reply` on a card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplyButton {
    /// `reply` or `quick_reply`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Of `reply`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<ReplyButtonText>,
    /// Of `quick_reply`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quick_reply: Option<ReplyButtonText>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl ReplyButton {
    /// A reply button.
    #[must_use]
    pub fn reply(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            kind: "reply".to_owned(),
            reply: Some(ReplyButtonText { id: id.into(), title: title.into(), extra: Extra::new() }),
            quick_reply: None,
            extra: Extra::new(),
        }
    }

    /// A quick reply on a card.
    #[must_use]
    pub fn quick_reply(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            kind: "quick_reply".to_owned(),
            reply: None,
            quick_reply: Some(ReplyButtonText { id: id.into(), title: title.into(), extra: Extra::new() }),
            extra: Extra::new(),
        }
    }

    /// Whichever of both is set.
    #[must_use]
    pub fn label(&self) -> Option<&ReplyButtonText> {
        self.reply.as_ref().or(self.quick_reply.as_ref())
    }
}

/// What a reply button shows and reports.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReplyButtonText {
    /// Reported when tapped; at most 256 characters, unique in the message.
    pub id: String,
    /// Shown; at most 20 characters, unique in the message.
    pub title: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A section of a list (with rows) or of a list of products (with product items).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListSection {
    /// Heading, at most 24 characters; required when there is more than one section.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Rows of a list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<ListRow>,
    /// Products.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub product_items: Vec<ProductItem>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A row of a list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ListRow {
    /// Reported when chosen; at most 200 characters.
    pub id: String,
    /// Shown; at most 24 characters.
    pub title: String,
    /// Shown below; at most 72 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A product in a section.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProductItem {
    /// The seller's id of the product.
    pub product_retailer_id: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One card of a carousel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CarouselCard {
    /// Which card, counted from 0.
    #[serde(deserialize_with = "lenient::u64")]
    pub card_index: u64,
    /// `cta_url` or `product`; absent on cards with quick replies.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Picture or video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    /// Text; at most 160 characters and two line breaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<TextPart>,
    /// Its button.
    #[serde(default)]
    pub action: Action,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Interactive {
    /// A message of a kind, with a body and what can be tapped.
    #[must_use]
    pub fn new(kind: InteractiveKind, body: impl Into<String>, action: Action) -> Self {
        Self {
            kind,
            header: None,
            body: Some(TextPart::new(body)),
            footer: None,
            action,
            extra: Extra::new(),
        }
    }

    /// One to three reply buttons.
    #[must_use]
    pub fn buttons(body: impl Into<String>, buttons: Vec<ReplyButton>) -> Self {
        Self::new(InteractiveKind::Button, body, Action { buttons, ..Action::default() })
    }

    /// A menu; `label` opens it.
    #[must_use]
    pub fn list(body: impl Into<String>, label: impl Into<String>, sections: Vec<ListSection>) -> Self {
        let action = Action { button: Some(label.into()), sections, ..Action::default() };
        Self::new(InteractiveKind::List, body, action)
    }

    /// A link behind a button.
    #[must_use]
    pub fn link(body: impl Into<String>, label: impl Into<String>, url: impl Into<String>) -> Self {
        let parameters = ActionParameters {
            display_text: Some(label.into()),
            url: Some(url.into()),
            ..ActionParameters::default()
        };
        Self::new(InteractiveKind::CtaUrl, body, Action::named("cta_url", parameters))
    }

    /// Asks for the person's place.
    #[must_use]
    pub fn ask_location(body: impl Into<String>) -> Self {
        let action = Action { name: Some("send_location".to_owned()), ..Action::default() };
        Self::new(InteractiveKind::LocationRequest, body, action)
    }

    /// Asks for the person's phone number; the answer is a contact card with origin `contact_request`.
    #[must_use]
    pub fn ask_phone(body: impl Into<String>) -> Self {
        let action = Action { name: Some("request_contact_info".to_owned()), ..Action::default() };
        Self::new(InteractiveKind::RequestContactInfo, body, action)
    }

    /// The same with a header.
    #[must_use]
    pub fn with_header(mut self, header: Header) -> Self {
        self.header = Some(header);
        self
    }

    /// The same with a footer.
    #[must_use]
    pub fn with_footer(mut self, footer: impl Into<String>) -> Self {
        self.footer = Some(TextPart::new(footer));
        self
    }
}

impl Action {
    /// An action with parameters.
    #[must_use]
    pub fn named(name: impl Into<String>, parameters: ActionParameters) -> Self {
        Self { name: Some(name.into()), parameters: Some(Box::new(parameters)), ..Self::default() }
    }
}
