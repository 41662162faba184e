//! The parts a template is made of, as they are created and read back.

use serde::{Deserialize, Serialize};

use crate::wire::{Extra, lenient, open_enum};

open_enum! {
    /// Which part.
    pub enum ComponentKind {
        /// Header.
        Header = "HEADER",
        /// Body; the only required one.
        Body = "BODY",
        /// Footer.
        Footer = "FOOTER",
        /// Buttons.
        Buttons = "BUTTONS",
        /// Cards side by side.
        Carousel = "CAROUSEL",
        /// An offer that ends.
        LimitedTimeOffer = "LIMITED_TIME_OFFER",
        /// Asks to be allowed to call.
        CallPermissionRequest = "CALL_PERMISSION_REQUEST",
    }
}

open_enum! {
    /// What a header shows.
    pub enum HeaderFormat {
        /// Text of at most 60 characters, one variable.
        Text = "TEXT",
        /// A picture.
        Image = "IMAGE",
        /// A video.
        Video = "VIDEO",
        /// A file.
        Document = "DOCUMENT",
        /// A short film (MP4, at most 3.5 MB); Marketing Messages only.
        Gif = "GIF",
        /// A place.
        Location = "LOCATION",
        /// A product.
        Product = "PRODUCT",
    }
}

/// One part of a template. Which members are set depends on `kind`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateComponent {
    /// Which part.
    #[serde(rename = "type")]
    pub kind: ComponentKind,
    /// Of a header: what it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<HeaderFormat>,
    /// Text with variables: `{{1}}`, or `{{name}}` in a named template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Sample values; required wherever there are variables or media.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<TemplateExample>,
    /// Of buttons.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
    /// Of a carousel: 2 to 10 cards of the same shape.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<CarouselCard>,
    /// Of an offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limited_time_offer: Option<LimitedTimeOffer>,
    /// Of an authentication body: adds Meta's warning not to share the code.
    #[serde(default, deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub add_security_recommendation: Option<bool>,
    /// Of an authentication footer: 1 to 90.
    #[serde(default, deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub code_expiration_minutes: Option<u64>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Sample values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TemplateExample {
    /// Of a text header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_text: Option<Vec<String>>,
    /// Of a named text header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_text_named_params: Option<Vec<NamedExample>>,
    /// Of a media header: an upload handle (`4::…`); reading back gives an address in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_handle: Option<Vec<String>>,
    /// Of a positional body: one list of values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_text: Option<Vec<Vec<String>>>,
    /// Of a named body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_text_named_params: Option<Vec<NamedExample>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The sample value of a named variable.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NamedExample {
    /// Which variable.
    pub param_name: String,
    /// Its sample value.
    #[serde(default)]
    pub example: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

open_enum! {
    /// What a button does.
    pub enum ButtonKind {
        /// Replies.
        QuickReply = "QUICK_REPLY",
        /// Opens a web page.
        Url = "URL",
        /// Calls a phone number.
        PhoneNumber = "PHONE_NUMBER",
        /// Copies a code.
        CopyCode = "COPY_CODE",
        /// Takes over a one-time password.
        Otp = "OTP",
        /// Opens a form.
        Flow = "FLOW",
        /// Opens the catalogue.
        Catalog = "CATALOG",
        /// Shows several products.
        MultiProduct = "MPM",
        /// Shows one product.
        SingleProduct = "SPM",
        /// Calls the business on WhatsApp.
        VoiceCall = "VOICE_CALL",
        /// Shares the person's phone number.
        RequestContactInfo = "REQUEST_CONTACT_INFO",
        /// Pays an order.
        OrderDetails = "ORDER_DETAILS",
    }
}

open_enum! {
    /// How a one-time password reaches the app.
    pub enum OtpType {
        /// By copying.
        CopyCode = "COPY_CODE",
        /// By one tap.
        OneTap = "ONE_TAP",
        /// By itself.
        ZeroTap = "ZERO_TAP",
    }
}

/// A button. Which members are set depends on `kind`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Button {
    /// What it does.
    #[serde(rename = "type")]
    pub kind: ButtonKind,
    /// Label, at most 25 characters; fixed for some kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Of a URL: at most 2000 characters, one variable at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Of a phone button: at most 20 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Sample: a list with a URL, one text with a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<ButtonExample>,
    /// Of a one-time password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp_type: Option<OtpType>,
    /// Label of one tap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autofill_text: Option<String>,
    /// That the business keeps the rules of zero tap.
    #[serde(default, deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub zero_tap_terms_accepted: Option<bool>,
    /// Of one and zero tap: the apps.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub supported_apps: Vec<SupportedApp>,
    /// Of a form.
    #[serde(
        default,
        deserialize_with = "crate::wire::opt_text_or_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub flow_id: Option<String>,
    /// Of a form, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_name: Option<String>,
    /// Of a form made along with the template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_json: Option<String>,
    /// `navigate` or `data_exchange`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_action: Option<String>,
    /// First screen of a form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub navigate_screen: Option<String>,
    /// Of a call button: how long it works.
    #[serde(default, deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub ttl_minutes: Option<u64>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A sample in its two shapes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ButtonExample {
    /// Of a code.
    One(String),
    /// Of an address.
    Many(Vec<String>),
}

impl ButtonExample {
    /// The samples, in whichever shape.
    #[must_use]
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

impl Button {
    /// A button of a kind with its label.
    #[must_use]
    pub fn new(kind: ButtonKind, text: Option<&str>) -> Self {
        Self {
            kind,
            text: text.map(str::to_owned),
            url: None,
            phone_number: None,
            example: None,
            otp_type: None,
            autofill_text: None,
            zero_tap_terms_accepted: None,
            supported_apps: Vec::new(),
            flow_id: None,
            flow_name: None,
            flow_json: None,
            flow_action: None,
            navigate_screen: None,
            ttl_minutes: None,
            extra: Extra::new(),
        }
    }
}

/// An app that may take over a one-time password.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SupportedApp {
    /// At most 224 characters.
    pub package_name: String,
    /// 11 characters.
    pub signature_hash: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A card of a carousel.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CarouselCard {
    /// Header, body, buttons.
    #[serde(deserialize_with = "lenient::list")]
    pub components: Vec<TemplateComponent>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// An offer that ends.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LimitedTimeOffer {
    /// At most 16 characters.
    #[serde(default)]
    pub text: String,
    /// Whether the message shows the time left.
    #[serde(default, deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub has_expiration: Option<bool>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl TemplateComponent {
    /// A part with nothing in it, to be filled.
    #[must_use]
    pub fn of(kind: ComponentKind) -> Self {
        Self {
            kind,
            format: None,
            text: None,
            example: None,
            buttons: Vec::new(),
            cards: Vec::new(),
            limited_time_offer: None,
            add_security_recommendation: None,
            code_expiration_minutes: None,
            extra: Extra::new(),
        }
    }

    /// A body, with samples for its positional variables.
    #[must_use]
    pub fn body(text: impl Into<String>, samples: Vec<String>) -> Self {
        let example = (!samples.is_empty())
            .then(|| TemplateExample { body_text: Some(vec![samples]), ..TemplateExample::default() });
        Self { text: Some(text.into()), example, ..Self::of(ComponentKind::Body) }
    }

    /// A text header, with a sample if it has a variable.
    #[must_use]
    pub fn text_header(text: impl Into<String>, sample: Option<String>) -> Self {
        let example = sample
            .map(|sample| TemplateExample { header_text: Some(vec![sample]), ..TemplateExample::default() });
        Self {
            format: Some(HeaderFormat::Text),
            text: Some(text.into()),
            example,
            ..Self::of(ComponentKind::Header)
        }
    }

    /// A media header, with the upload handle of its sample.
    #[must_use]
    pub fn media_header(format: HeaderFormat, handle: impl Into<String>) -> Self {
        let example =
            TemplateExample { header_handle: Some(vec![handle.into()]), ..TemplateExample::default() };
        Self { format: Some(format), example: Some(example), ..Self::of(ComponentKind::Header) }
    }

    /// A footer.
    #[must_use]
    pub fn footer(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::of(ComponentKind::Footer) }
    }

    /// The buttons.
    #[must_use]
    pub fn buttons(buttons: Vec<Button>) -> Self {
        Self { buttons, ..Self::of(ComponentKind::Buttons) }
    }
}
