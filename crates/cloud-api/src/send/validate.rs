//! Meta's published limits, checked before a call is spent on finding out.

use std::collections::HashSet;
use std::fmt;

use super::interactive::{Header, HeaderMedia, Interactive, InteractiveKind, ReplyButton};
use super::message::{Content, MAX_CALLBACK_DATA, OutgoingMessage, RecipientType};
use super::simple::Media;
use super::template::{ButtonSubType, Component, ComponentKind, Parameter, TemplateMessage};

/// One limit that a message breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field, as a path in the JSON.
    pub field: String,
    /// The limit.
    pub limit: String,
    /// What to do.
    pub advice: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}. {}", self.field, self.limit, self.advice)
    }
}

/// Every limit that a message breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))]
pub struct InvalidMessage(pub Vec<Violation>);

impl OutgoingMessage {
    /// Checks the message against Meta's published limits. A message that passes may still be refused:
    /// what a template expects, or whether the window is open, only Meta knows.
    ///
    /// # Errors
    /// [`InvalidMessage`] with every limit broken.
    pub fn validate(&self) -> Result<(), InvalidMessage> {
        let mut check = Check(Vec::new());
        check.envelope(self);
        match &self.content {
            Content::Text(text) => check.length("text.body", &text.body, 1, 4096),
            Content::Image(media) => check.media("image", media, true),
            Content::Video(media) => check.media("video", media, true),
            Content::Document(media) => check.media("document", media, true),
            Content::Audio(media) => check.media("audio", media, false),
            Content::Sticker(media) => check.media("sticker", media, false),
            Content::Location(place) => {
                check.rule(
                    (-90.0..=90.0).contains(&place.latitude) && (-180.0..=180.0).contains(&place.longitude),
                    "location",
                    "latitude is from -90 to 90, longitude from -180 to 180",
                    "Check the coordinates.",
                );
            }
            Content::Contacts(cards) => {
                check.count("contacts", cards.len(), 1, 257);
                for (index, card) in cards.iter().enumerate() {
                    check.rule(
                        !card.name.formatted_name.trim().is_empty(),
                        &format!("contacts[{index}].name.formatted_name"),
                        "a card needs a name",
                        "Fill in the name.",
                    );
                }
            }
            Content::Pin(pin) => {
                check.present("pin.message_id", &pin.message_id);
                check.rule(
                    self.recipient_type == Some(RecipientType::Group),
                    "pin",
                    "only messages of groups can be pinned",
                    "Address a group.",
                );
                check.rule(
                    pin.expiration_days.is_none_or(|days| (1..=30).contains(&days)),
                    "pin.expiration_days",
                    "1 to 30 days",
                    "Choose fewer days.",
                );
            }
            Content::Reaction(reaction) => {
                check.present("reaction.message_id", &reaction.message_id);
                check.rule(
                    self.context.is_none(),
                    "context",
                    "a reaction cannot be a reply",
                    "Leave the reply out: the reaction names its message itself.",
                );
            }
            Content::Interactive(interactive) => check.interactive(interactive),
            Content::Template(template) => check.template(template),
            Content::Other { kind, body } => check.rule(
                body.is_some(),
                kind,
                "a message needs a member named like its type",
                "Add the object with the content of the message.",
            ),
        }
        if check.0.is_empty() { Ok(()) } else { Err(InvalidMessage(check.0)) }
    }
}

struct Check(Vec<Violation>);

impl Check {
    fn rule(&mut self, holds: bool, field: &str, limit: &str, advice: &'static str) {
        if !holds {
            self.0.push(Violation { field: field.to_owned(), limit: limit.to_owned(), advice });
        }
    }

    fn present(&mut self, field: &str, text: &str) {
        self.rule(!text.trim().is_empty(), field, "must not be empty", "Fill it in.");
    }

    fn length(&mut self, field: &str, text: &str, least: usize, most: usize) {
        let length = text.chars().count();
        if text.trim().is_empty() && least > 0 {
            self.present(field, text);
        } else if length > most {
            self.rule(false, field, &format!("at most {most} characters, has {length}"), "Shorten the text.");
        }
    }

    fn count(&mut self, field: &str, count: usize, least: usize, most: usize) {
        self.rule(
            (least..=most).contains(&count),
            field,
            &format!("from {least} to {most} entries, has {count}"),
            "Add or remove entries.",
        );
    }

    fn envelope(&mut self, message: &OutgoingMessage) {
        self.rule(
            message.messaging_product.is_some(),
            "messaging_product",
            "must be whatsapp",
            "Set it to whatsapp.",
        );
        match (&message.to, &message.recipient) {
            (None, None) => {
                self.rule(
                    false,
                    "to",
                    "a message needs a phone number or a user id",
                    "Say whom to write to.",
                );
            }
            (Some(to), _) => self.present("to", to),
            (None, Some(recipient)) => self.rule(
                is_user_id(recipient),
                "recipient",
                "a user id is a country, a dot and at most 128 letters or digits, such as US.1349",
                "Take the whole user id as WhatsApp gave it.",
            ),
        }
        if let Some(data) = &message.biz_opaque_callback_data {
            self.length("biz_opaque_callback_data", data, 0, MAX_CALLBACK_DATA);
        }
        if let Some(context) = &message.context {
            self.present("context.message_id", &context.message_id);
        }
    }

    fn media(&mut self, field: &str, media: &Media, with_caption: bool) {
        self.rule(
            media.id.is_some() != media.link.is_some(),
            field,
            "exactly one of id and link",
            "Give the id of an upload, or a link, not both.",
        );
        if let Some(link) = &media.link {
            self.web_address(&format!("{field}.link"), link);
        }
        if let Some(caption) = &media.caption {
            let field = format!("{field}.caption");
            self.rule(with_caption, &field, "this kind of media has no caption", "Send the text on its own.");
            self.length(&field, caption, 0, 1024);
        }
    }

    fn web_address(&mut self, field: &str, link: &str) {
        self.rule(
            link.starts_with("https://") || link.starts_with("http://"),
            field,
            "must begin with https:// or http://",
            "Give the whole address.",
        );
    }

    fn header(&mut self, field: &str, header: &Header) {
        match (&header.kind, &header.text) {
            (HeaderMedia::Text, Some(text)) => self.length(&format!("{field}.text"), text, 1, 60),
            (HeaderMedia::Text, None) => self.present(&format!("{field}.text"), ""),
            _ => {
                let media = [&header.image, &header.video, &header.document].into_iter().flatten().next();
                match media {
                    Some(media) => self.media(&format!("{field}.{}", header.kind), media, false),
                    None => self.rule(
                        matches!(header.kind, HeaderMedia::Other(_)),
                        field,
                        "a media header needs its media",
                        "Add the picture, video or file.",
                    ),
                }
            }
        }
    }

    fn interactive(&mut self, message: &Interactive) {
        let kind = &message.kind;
        if let Some(header) = &message.header {
            self.header("interactive.header", header);
            let allowed = match kind {
                InteractiveKind::List | InteractiveKind::ProductList => header.kind == HeaderMedia::Text,
                InteractiveKind::Product | InteractiveKind::Carousel => false,
                _ => true,
            };
            self.rule(
                allowed,
                "interactive.header",
                "this kind of message allows no such header",
                "Use a text header in lists, none in products and carousels.",
            );
        }
        let most = if *kind == InteractiveKind::List { 4096 } else { 1024 };
        match &message.body {
            Some(body) => self.length("interactive.body.text", &body.text, 1, most),
            None => self.rule(
                *kind == InteractiveKind::Product,
                "interactive.body",
                "this kind of message needs a text",
                "Add a text.",
            ),
        }
        if let Some(footer) = &message.footer {
            self.length("interactive.footer.text", &footer.text, 0, 60);
            self.rule(
                *kind != InteractiveKind::Carousel,
                "interactive.footer",
                "a carousel has no footer",
                "Leave the footer out.",
            );
        }
        match kind {
            InteractiveKind::Button => {
                self.count("interactive.action.buttons", message.action.buttons.len(), 1, 3);
                self.buttons("interactive.action.buttons", &message.action.buttons, 256);
            }
            InteractiveKind::List => self.list(message),
            InteractiveKind::CtaUrl => self.link("interactive.action", &message.action),
            InteractiveKind::ProductList => {
                self.rule(
                    message.header.is_some(),
                    "interactive.header",
                    "a list of products needs a text header",
                    "Add a header.",
                );
                self.count("interactive.action.sections", message.action.sections.len(), 1, 10);
                let products =
                    message.action.sections.iter().map(|section| section.product_items.len()).sum();
                self.count("interactive.action.sections[].product_items", products, 1, 30);
            }
            InteractiveKind::Carousel => self.carousel(message),
            InteractiveKind::Flow => {
                let parameters = message.action.parameters.as_deref();
                let label = parameters.and_then(|parameters| parameters.flow_cta.as_deref());
                self.length("interactive.action.parameters.flow_cta", label.unwrap_or_default(), 1, 30);
                let named = parameters
                    .is_some_and(|parameters| parameters.flow_id.is_some() != parameters.flow_name.is_some());
                self.rule(
                    named,
                    "interactive.action.parameters",
                    "exactly one of flow_id and flow_name",
                    "Name the form once.",
                );
            }
            InteractiveKind::Product => {
                let action = &message.action;
                self.present(
                    "interactive.action.catalog_id",
                    action.catalog_id.as_deref().unwrap_or_default(),
                );
                let product = action.product_retailer_id.as_deref();
                self.present("interactive.action.product_retailer_id", product.unwrap_or_default());
            }
            InteractiveKind::VoiceCall => {
                let parameters = message.action.parameters.as_deref();
                if let Some(label) = parameters.and_then(|parameters| parameters.display_text.as_deref()) {
                    self.length("interactive.action.parameters.display_text", label, 1, 20);
                }
            }
            InteractiveKind::AddressMessage => {
                let parameters = message.action.parameters.as_deref();
                let country = parameters.and_then(|parameters| parameters.country.as_deref());
                self.rule(
                    matches!(country, Some("IN" | "SG")),
                    "interactive.action.parameters.country",
                    "addresses can be asked for in India and Singapore only",
                    "Ask in words.",
                );
            }
            _ => {}
        }
    }

    fn buttons(&mut self, field: &str, buttons: &[ReplyButton], longest_id: usize) {
        let mut ids = HashSet::new();
        let mut titles = HashSet::new();
        for (index, button) in buttons.iter().enumerate() {
            let Some(label) = button.label() else {
                self.rule(
                    false,
                    &format!("{field}[{index}]"),
                    "a button needs id and title",
                    "Fill them in.",
                );
                continue;
            };
            self.length(&format!("{field}[{index}].id"), &label.id, 1, longest_id);
            self.length(&format!("{field}[{index}].title"), &label.title, 1, 20);
            self.rule(
                ids.insert(&label.id) && titles.insert(&label.title),
                &format!("{field}[{index}]"),
                "ids and titles of buttons must differ",
                "Name each button differently.",
            );
        }
    }

    fn list(&mut self, message: &Interactive) {
        let action = &message.action;
        self.length("interactive.action.button", action.button.as_deref().unwrap_or_default(), 1, 20);
        self.count("interactive.action.sections", action.sections.len(), 1, 10);
        let rows = action.sections.iter().map(|section| section.rows.len()).sum();
        self.count("interactive.action.sections[].rows", rows, 1, 10);
        let mut ids = HashSet::new();
        for (index, section) in action.sections.iter().enumerate() {
            let field = format!("interactive.action.sections[{index}]");
            let least = usize::from(action.sections.len() > 1);
            self.length(&format!("{field}.title"), section.title.as_deref().unwrap_or_default(), least, 24);
            for (index, row) in section.rows.iter().enumerate() {
                let field = format!("{field}.rows[{index}]");
                self.length(&format!("{field}.id"), &row.id, 1, 200);
                self.length(&format!("{field}.title"), &row.title, 1, 24);
                self.length(
                    &format!("{field}.description"),
                    row.description.as_deref().unwrap_or_default(),
                    0,
                    72,
                );
                self.rule(
                    ids.insert(&row.id),
                    &format!("{field}.id"),
                    "ids of rows must differ",
                    "Give each row its own id.",
                );
            }
        }
    }

    fn link(&mut self, field: &str, action: &super::interactive::Action) {
        let parameters = action.parameters.as_deref();
        let label = parameters.and_then(|parameters| parameters.display_text.as_deref());
        self.length(&format!("{field}.parameters.display_text"), label.unwrap_or_default(), 1, 20);
        let url = parameters.and_then(|parameters| parameters.url.as_deref());
        self.web_address(&format!("{field}.parameters.url"), url.unwrap_or_default());
    }

    fn carousel(&mut self, message: &Interactive) {
        let cards = &message.action.cards;
        self.count("interactive.action.cards", cards.len(), 2, 10);
        let shape = cards.first().map(|card| (&card.kind, card.action.buttons.len()));
        for (index, card) in cards.iter().enumerate() {
            let field = format!("interactive.action.cards[{index}]");
            self.rule(
                Some((&card.kind, card.action.buttons.len())) == shape,
                &field,
                "every card has the same kind and number of buttons",
                "Make the cards alike.",
            );
            if let Some(body) = &card.body {
                self.length(&format!("{field}.body.text"), &body.text, 0, 160);
                self.rule(
                    body.text.matches('\n').count() <= 2,
                    &format!("{field}.body.text"),
                    "at most two line breaks",
                    "Take line breaks out.",
                );
            }
            if let Some(header) = &card.header {
                self.header(&format!("{field}.header"), header);
            }
            if card.kind.as_deref() == Some("cta_url") {
                self.link(&format!("{field}.action"), &card.action);
            }
            self.buttons(&format!("{field}.action.buttons"), &card.action.buttons, 20);
        }
    }

    fn template(&mut self, template: &TemplateMessage) {
        self.length("template.name", &template.name, 1, 512);
        self.present("template.language.code", &template.language.code);
        self.components("template.components", &template.components);
    }

    fn components(&mut self, field: &str, components: &[Component]) {
        for (index, component) in components.iter().enumerate() {
            let field = format!("{field}[{index}]");
            for (index, parameter) in component.parameters.iter().enumerate() {
                self.parameter(&format!("{field}.parameters[{index}]"), parameter);
            }
            let body = component.kind == ComponentKind::Body;
            let named = component.parameters.iter().filter(|value| value.parameter_name.is_some()).count();
            self.rule(
                !body || named == 0 || named == component.parameters.len(),
                &format!("{field}.parameters"),
                "variables are either all named or all positional",
                "Name every value or none.",
            );
            if component.kind == ComponentKind::Button {
                self.rule(
                    component.index.is_some() && component.sub_type.is_some(),
                    &field,
                    "a button needs index and sub_type",
                    "Say which button is meant.",
                );
            }
            if component.sub_type == Some(ButtonSubType::CopyCode) {
                for value in component.parameters.iter().filter_map(|value| value.coupon_code.as_deref()) {
                    self.length(&format!("{field}.coupon_code"), value, 1, 20);
                }
            }
            if component.kind == ComponentKind::Carousel {
                self.count(&format!("{field}.cards"), component.cards.len(), 2, 10);
                for (index, card) in component.cards.iter().enumerate() {
                    self.components(&format!("{field}.cards[{index}].components"), &card.components);
                }
            }
        }
    }

    fn parameter(&mut self, field: &str, parameter: &Parameter) {
        if let Some(text) = &parameter.text {
            self.present(&format!("{field}.text"), text);
            // Meta refuses these in values (132018 or 100).
            self.rule(
                !text.contains(['\n', '\r', '\t']) && !text.contains("     "),
                &format!("{field}.text"),
                "a value may not hold line breaks, tabs or more than four spaces in a row",
                "Write the value on one line.",
            );
        }
        for (name, media) in [
            ("image", &parameter.image),
            ("video", &parameter.video),
            ("document", &parameter.document),
            ("gif", &parameter.gif),
        ] {
            if let Some(media) = media {
                self.media(&format!("{field}.{name}"), media, false);
            }
        }
    }
}

/// Country, dot, then letters and digits; the parent form has `ENT.` between.
fn is_user_id(text: &str) -> bool {
    let Some((country, rest)) = text.split_once('.') else { return false };
    let rest = rest.strip_prefix("ENT.").unwrap_or(rest);
    country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && (1..=128).contains(&rest.len())
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::super::interactive::{ListRow, ListSection};
    use super::super::simple::Text;
    use super::super::{Component, Recipient, TemplateMessage};
    use super::*;

    fn to_phone(content: Content) -> OutgoingMessage {
        OutgoingMessage::new(Recipient::Phone("+16505551234".into()), content)
    }

    fn broken(content: Content) -> Vec<String> {
        match to_phone(content).validate() {
            Ok(()) => Vec::new(),
            Err(InvalidMessage(violations)) => {
                violations.into_iter().map(|violation| violation.field).collect()
            }
        }
    }

    #[test]
    fn a_text_has_1_to_4096_characters() {
        assert_eq!(broken(Content::Text(Text::new(""))), ["text.body"]);
        assert!(broken(Content::Text(Text::new("අ".repeat(4096)))).is_empty());
        assert_eq!(broken(Content::Text(Text::new("x".repeat(4097)))), ["text.body"]);
    }

    #[test]
    fn media_is_named_once_and_sounds_have_no_caption() {
        assert!(broken(Content::Image(Media::id("1").with_caption("x"))).is_empty());
        assert_eq!(broken(Content::Image(Media::default())), ["image"]);
        assert_eq!(broken(Content::Audio(Media::id("1").with_caption("x"))), ["audio.caption"]);
        assert_eq!(broken(Content::Video(Media::link("ftp://x"))), ["video.link"]);
    }

    #[test]
    fn buttons_are_at_most_three_and_differ() {
        let button = |n: u8| ReplyButton::reply(format!("id{n}"), format!("Title {n}"));
        let message = |buttons| Content::Interactive(Box::new(Interactive::buttons("Choose", buttons)));
        assert!(broken(message(vec![button(1), button(2), button(3)])).is_empty());
        assert_eq!(broken(message(vec![])), ["interactive.action.buttons"]);
        assert_eq!(broken(message(vec![button(1), button(1)])), ["interactive.action.buttons[1]"]);
    }

    #[test]
    fn a_list_has_ten_rows_in_all() {
        let rows =
            |n: usize| (0..n).map(|n| ListRow { id: n.to_string(), title: "t".into(), ..ListRow::default() });
        let message = |n| {
            let section = ListSection { rows: rows(n).collect(), ..ListSection::default() };
            Content::Interactive(Box::new(Interactive::list("Choose", "Menu", vec![section])))
        };
        assert!(broken(message(10)).is_empty());
        assert_eq!(broken(message(11)), ["interactive.action.sections[].rows"]);
    }

    #[test]
    fn values_of_a_template_are_one_line_and_named_alike() {
        let template = |values| {
            Content::Template(Box::new(TemplateMessage::new("t", "en").with(Component::body(values))))
        };
        assert!(broken(template(vec![Parameter::text("Pablo"), Parameter::text("860")])).is_empty());
        assert_eq!(
            broken(template(vec![Parameter::text("a\nb")])),
            ["template.components[0].parameters[0].text"]
        );
        assert_eq!(
            broken(template(vec![Parameter::named("first", "x"), Parameter::text("y")])),
            ["template.components[0].parameters"]
        );
    }

    #[test]
    fn a_user_id_is_checked_for_its_form() {
        let to = |id: &str| OutgoingMessage::new(Recipient::UserId(id.into()), Content::Text(Text::new("x")));
        assert!(to("US.13491208655302741918").validate().is_ok());
        assert!(to("US.ENT.118").validate().is_ok());
        assert!(to("13491208655302741918").validate().is_err());
        assert!(to("US.").validate().is_err());
    }

    #[test]
    fn the_callback_data_is_bounded_and_the_refusal_says_what_to_do() {
        let message = to_phone(Content::Text(Text::new("x"))).with_callback_data("x".repeat(513));
        let refusal = message.validate().unwrap_err().to_string();
        assert_eq!(refusal, "biz_opaque_callback_data: at most 512 characters, has 513. Shorten the text.");
    }
}
