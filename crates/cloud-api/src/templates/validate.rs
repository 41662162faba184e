//! Meta's rules for making templates, checked before somebody waits a day for a refusal.

use super::change::NewTemplate;
use super::component::{Button, ButtonExample, ButtonKind, ComponentKind, HeaderFormat, TemplateComponent};
use super::template::{Category, ParameterFormat};
use crate::send::Violation;

/// Every rule that a template breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))]
pub struct InvalidTemplate(pub Vec<Violation>);

/// The variables of a text in order, without braces: `["1", "2"]` or `["first_name"]`. `None` when the
/// braces do not pair.
#[must_use]
pub fn variables(text: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = text;
    loop {
        match (rest.find("{{"), rest.find("}}")) {
            (None, None) => return Some(names),
            (Some(open), Some(close)) if open + 2 <= close => {
                let name = &rest[open + 2..close];
                if name.contains('{') {
                    return None;
                }
                names.push(name.trim());
                rest = &rest[close + 2..];
            }
            _ => return None,
        }
    }
}

impl NewTemplate {
    /// Checks the template against Meta's published rules. One that passes may still be refused: Meta
    /// reads it too.
    ///
    /// # Errors
    /// [`InvalidTemplate`] with every rule broken.
    pub fn validate(&self) -> Result<(), InvalidTemplate> {
        let mut check =
            Check { broken: Vec::new(), named: self.parameter_format == Some(ParameterFormat::Named) };
        let plain_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        check.rule(
            !self.name.is_empty() && self.name.len() <= 512 && self.name.bytes().all(plain_name),
            "name",
            "1 to 512 small letters, digits and underscores",
            "Choose a name like order_update.",
        );
        check.rule(!self.language.is_empty(), "language", "must not be empty", "Choose a language.");
        check.rule(self.category.is_some(), "category", "must not be empty", "Choose a category.");
        check.time_to_live(self);
        if self.library_template_name.is_none() {
            check.components("components", &self.components, self.category.as_ref(), false);
        }
        if check.broken.is_empty() { Ok(()) } else { Err(InvalidTemplate(check.broken)) }
    }
}

struct Check {
    broken: Vec<Violation>,
    named: bool,
}

impl Check {
    fn rule(&mut self, holds: bool, field: &str, limit: &str, advice: &'static str) {
        if !holds {
            self.broken.push(Violation { field: field.to_owned(), limit: limit.to_owned(), advice });
        }
    }

    fn most(&mut self, field: &str, text: &str, most: usize) {
        let length = text.chars().count();
        self.rule(
            length <= most,
            field,
            &format!("at most {most} characters, has {length}"),
            "Shorten the text.",
        );
    }

    fn time_to_live(&mut self, template: &NewTemplate) {
        let Some(seconds) = template.message_send_ttl_seconds else { return };
        let holds = match &template.category {
            Some(Category::Authentication) => seconds == -1 || (30..=900).contains(&seconds),
            Some(Category::Utility) => seconds == -1 || (30..=43_200).contains(&seconds),
            Some(Category::Marketing) => (43_200..=2_592_000).contains(&seconds),
            _ => true,
        };
        self.rule(
            holds,
            "message_send_ttl_seconds",
            "30 to 900 for authentication, 30 to 43200 for utility (or -1), 43200 to 2592000 for marketing",
            "Choose a time in the range of the category.",
        );
    }

    fn components(
        &mut self,
        field: &str,
        components: &[TemplateComponent],
        category: Option<&Category>,
        card: bool,
    ) {
        let count =
            |kind: ComponentKind| components.iter().filter(|component| component.kind == kind).count();
        self.rule(
            card || count(ComponentKind::Body) == 1,
            field,
            "exactly one body",
            "Add the text of the message.",
        );
        for kind in [ComponentKind::Header, ComponentKind::Footer, ComponentKind::Buttons] {
            self.rule(
                count(kind) <= 1,
                field,
                "at most one header, footer and list of buttons",
                "Merge them.",
            );
        }
        let offer = count(ComponentKind::LimitedTimeOffer) > 0;
        for (index, component) in components.iter().enumerate() {
            let field = format!("{field}[{index}]");
            match component.kind {
                ComponentKind::Header => self.header(&field, component, offer),
                ComponentKind::Body => {
                    let most = match (card, offer) {
                        (true, _) => 160,
                        (_, true) => 600,
                        _ => 1024,
                    };
                    self.body(&field, component, most, category == Some(&Category::Authentication));
                }
                ComponentKind::Footer => self.footer(&field, component, offer),
                ComponentKind::Buttons => self.buttons(&field, &component.buttons, if card { 2 } else { 10 }),
                ComponentKind::Carousel => self.carousel(&field, component),
                ComponentKind::LimitedTimeOffer => {
                    let text = component.limited_time_offer.as_ref().map_or("", |offer| &offer.text);
                    self.most(&format!("{field}.limited_time_offer.text"), text, 16);
                }
                ComponentKind::CallPermissionRequest | ComponentKind::Other(_) => {}
            }
        }
    }

    fn header(&mut self, field: &str, header: &TemplateComponent, offer: bool) {
        self.rule(
            !offer || matches!(header.format, Some(HeaderFormat::Image | HeaderFormat::Video)),
            field,
            "an offer has a picture or a video as header",
            "Use a picture or a video.",
        );
        let example = header.example.as_ref();
        match &header.format {
            Some(HeaderFormat::Text) => {
                let text = header.text.as_deref().unwrap_or_default();
                self.most(&format!("{field}.text"), text, 60);
                let samples = example.map_or(0, |example| {
                    example.header_text.as_ref().map_or(0, Vec::len)
                        + example.header_text_named_params.as_ref().map_or(0, Vec::len)
                });
                let count = self.text(&format!("{field}.text"), text, samples, false);
                self.rule(
                    count <= 1,
                    &format!("{field}.text"),
                    "at most one variable",
                    "Take variables out.",
                );
                self.rule(
                    !text.contains(['\n', '*', '~']),
                    &format!("{field}.text"),
                    "no line breaks and no formatting",
                    "Write plain text on one line.",
                );
            }
            Some(HeaderFormat::Image | HeaderFormat::Video | HeaderFormat::Document | HeaderFormat::Gif) => {
                let handles = example.and_then(|example| example.header_handle.as_ref()).map_or(0, Vec::len);
                self.rule(
                    handles == 1,
                    &format!("{field}.example.header_handle"),
                    "a media header needs a sample",
                    "Upload a sample file.",
                );
            }
            Some(_) => {}
            None => self.rule(
                false,
                &format!("{field}.format"),
                "must not be empty",
                "Say what the header shows.",
            ),
        }
    }

    fn body(&mut self, field: &str, body: &TemplateComponent, most: usize, authentication: bool) {
        let text = body.text.as_deref().unwrap_or_default();
        if authentication {
            self.rule(
                text.is_empty(),
                &format!("{field}.text"),
                "the text of authentication templates is Meta's",
                "Leave the text out.",
            );
            return;
        }
        let field = format!("{field}.text");
        self.rule(!text.trim().is_empty(), &field, "must not be empty", "Write the message.");
        self.most(&field, text, most);
        let samples = body.example.as_ref().map_or(0, |example| {
            example.body_text.as_ref().and_then(|lists| lists.first()).map_or(0, Vec::len)
                + example.body_text_named_params.as_ref().map_or(0, Vec::len)
        });
        self.text(&field, text, samples, true);
    }

    /// Rules of any text with variables; returns how many there are.
    fn text(&mut self, field: &str, text: &str, samples: usize, words_around: bool) -> usize {
        let Some(names) = variables(text) else {
            self.rule(false, field, "braces must pair", "Write variables as {{1}} or {{name}}.");
            return 0;
        };
        let unique: Vec<&str> = names
            .iter()
            .enumerate()
            .filter(|(at, name)| !names[..*at].contains(name))
            .map(|(_, name)| *name)
            .collect();
        if self.named {
            let plain = |name: &&str| {
                !name.is_empty()
                    && name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
                    && name
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            };
            self.rule(
                unique.iter().all(plain),
                field,
                "names of variables have small letters, digits and underscores",
                "Rename the variable.",
            );
        } else {
            let in_order = unique.iter().zip(1_usize..).all(|(name, number)| **name == *number.to_string());
            self.rule(
                in_order,
                field,
                "variables are numbered 1, 2, 3 in order",
                "Number the variables from 1 without gaps.",
            );
        }
        self.rule(
            samples == unique.len(),
            field,
            "one sample for each variable",
            "Give an example for every variable.",
        );
        if words_around && !names.is_empty() {
            let trimmed = text.trim();
            self.rule(
                !trimmed.starts_with("{{") && !trimmed.ends_with("}}"),
                field,
                "a variable may not stand first or last",
                "Put words before and after it.",
            );
            self.rule(
                !text.contains("}}{{") && !text.contains("}} {{"),
                field,
                "variables may not stand next to each other",
                "Put words between them.",
            );
        }
        unique.len()
    }

    fn footer(&mut self, field: &str, footer: &TemplateComponent, offer: bool) {
        self.rule(!offer, field, "an offer has no footer", "Leave the footer out.");
        let text = footer.text.as_deref().unwrap_or_default();
        self.most(&format!("{field}.text"), text, 60);
        self.rule(
            !text.contains("{{"),
            &format!("{field}.text"),
            "no variables in a footer",
            "Take the variable out.",
        );
        if let Some(minutes) = footer.code_expiration_minutes {
            self.rule(
                (1..=90).contains(&minutes),
                &format!("{field}.code_expiration_minutes"),
                "from 1 to 90",
                "Choose another time.",
            );
        }
    }

    fn buttons(&mut self, field: &str, buttons: &[Button], most: usize) {
        let field = format!("{field}.buttons");
        self.rule(
            (1..=most).contains(&buttons.len()),
            &field,
            &format!("from 1 to {most} buttons, has {}", buttons.len()),
            "Add or remove buttons.",
        );
        let count = |kind: ButtonKind| buttons.iter().filter(|button| button.kind == kind).count();
        self.rule(count(ButtonKind::Url) <= 2, &field, "at most two links", "Remove links.");
        for kind in [ButtonKind::PhoneNumber, ButtonKind::CopyCode, ButtonKind::Flow] {
            self.rule(count(kind) <= 1, &field, "at most one call, code and form", "Remove buttons.");
        }
        let groups =
            buttons.chunk_by(|a, b| (a.kind == ButtonKind::QuickReply) == (b.kind == ButtonKind::QuickReply));
        self.rule(
            groups.count() <= 2,
            &field,
            "quick replies stand together",
            "Move the quick replies together.",
        );
        for (index, button) in buttons.iter().enumerate() {
            self.button(&format!("{field}[{index}]"), button);
        }
    }

    fn button(&mut self, field: &str, button: &Button) {
        if let Some(text) = &button.text {
            self.most(&format!("{field}.text"), text, 25);
            self.rule(
                !text.trim().is_empty() && !text.contains(['\n', '{']),
                &format!("{field}.text"),
                "a label without line breaks or variables",
                "Write a plain label.",
            );
        }
        let samples = button.example.as_ref().map_or(&[][..], ButtonExample::all);
        match button.kind {
            ButtonKind::QuickReply => {
                self.rule(button.text.is_some(), field, "a button needs a label", "Add a label.");
            }
            ButtonKind::Url => {
                let url = button.url.as_deref().unwrap_or_default();
                let at = format!("{field}.url");
                self.rule(
                    url.starts_with("https://") || url.starts_with("http://"),
                    &at,
                    "must begin with https:// or http://",
                    "Give the whole address.",
                );
                self.most(&at, url, 2000);
                let names = variables(url).unwrap_or_default();
                self.rule(
                    names.is_empty() || (names.len() == 1 && url.ends_with("}}")),
                    &at,
                    "one variable, at its end",
                    "Move the variable to the end.",
                );
                self.rule(
                    names.len() == samples.len(),
                    &format!("{field}.example"),
                    "a sample address if there is a variable",
                    "Give the whole address with the variable filled in.",
                );
            }
            ButtonKind::PhoneNumber => {
                let number = button.phone_number.as_deref().unwrap_or_default();
                self.rule(
                    !number.is_empty(),
                    &format!("{field}.phone_number"),
                    "must not be empty",
                    "Fill it in.",
                );
                self.most(&format!("{field}.phone_number"), number, 20);
            }
            ButtonKind::CopyCode => {
                let code = samples.first().map_or("", String::as_str);
                self.rule(
                    !code.is_empty(),
                    &format!("{field}.example"),
                    "must not be empty",
                    "Give a sample code.",
                );
                self.most(&format!("{field}.example"), code, 20);
            }
            _ => {}
        }
        for app in &button.supported_apps {
            self.most(&format!("{field}.supported_apps.package_name"), &app.package_name, 224);
            self.rule(
                app.signature_hash.chars().count() == 11,
                &format!("{field}.supported_apps.signature_hash"),
                "exactly 11 characters",
                "Copy the hash of the app again.",
            );
        }
    }

    fn carousel(&mut self, field: &str, carousel: &TemplateComponent) {
        let cards = &carousel.cards;
        self.rule(
            (2..=10).contains(&cards.len()),
            &format!("{field}.cards"),
            &format!("from 2 to 10 cards, has {}", cards.len()),
            "Add or remove cards.",
        );
        let shape = |components: &[TemplateComponent]| -> Vec<_> {
            components
                .iter()
                .map(|part| {
                    let buttons: Vec<_> = part.buttons.iter().map(|button| button.kind.clone()).collect();
                    (part.kind.clone(), part.format.clone(), buttons)
                })
                .collect()
        };
        let first = cards.first().map(|card| shape(&card.components));
        for (index, card) in cards.iter().enumerate() {
            let field = format!("{field}.cards[{index}]");
            self.rule(
                Some(shape(&card.components)) == first,
                &field,
                "every card has the same parts",
                "Make the cards alike.",
            );
            self.components(&format!("{field}.components"), &card.components, None, true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::component::CarouselCard;
    use super::*;

    fn marketing(components: Vec<TemplateComponent>) -> NewTemplate {
        NewTemplate::new("sale", "en_US", Category::Marketing, components)
    }

    fn broken(template: &NewTemplate) -> Vec<String> {
        match template.validate() {
            Ok(()) => Vec::new(),
            Err(InvalidTemplate(violations)) => {
                violations.into_iter().map(|violation| violation.limit).collect()
            }
        }
    }

    fn body(text: &str, samples: &[&str]) -> TemplateComponent {
        TemplateComponent::body(text, samples.iter().map(|&sample| sample.to_owned()).collect())
    }

    #[test]
    fn variables_are_found_and_pair() {
        assert_eq!(variables("Hi {{1}}, {{ 2 }}."), Some(vec!["1", "2"]));
        assert_eq!(variables("Hi {{1}"), None);
        assert_eq!(variables("Hi }}{{"), None);
        assert_eq!(variables("{{{1}}}"), None);
        assert_eq!(variables("{{}}"), Some(vec![""]));
    }

    #[test]
    fn a_plain_template_passes() {
        let buttons = TemplateComponent::buttons(vec![
            Button::new(ButtonKind::QuickReply, Some("Stop")),
            Button {
                url: Some("https://x.example/{{1}}".into()),
                example: Some(ButtonExample::Many(vec!["https://x.example/a".into()])),
                ..Button::new(ButtonKind::Url, Some("Open"))
            },
        ]);
        let template = marketing(vec![
            TemplateComponent::text_header("Our {{1}} is on", Some("Sale".into())),
            body("Hi {{1}}, take {{2}} off.", &["Pablo", "25%"]),
            TemplateComponent::footer("Reply STOP to opt out"),
            buttons,
        ]);
        assert_eq!(broken(&template), Vec::<String>::new());
    }

    #[test]
    fn variables_have_samples_order_and_words_around_them() {
        assert_eq!(broken(&marketing(vec![body("Hi {{1}} there", &[])])), ["one sample for each variable"]);
        assert_eq!(
            broken(&marketing(vec![body("Hi {{2}} there", &["x"])])),
            ["variables are numbered 1, 2, 3 in order"]
        );
        assert_eq!(
            broken(&marketing(vec![body("{{1}} hi", &["x"])])),
            ["a variable may not stand first or last"]
        );
        assert_eq!(
            broken(&marketing(vec![body("a {{1}}{{2}} b", &["x", "y"])])),
            ["variables may not stand next to each other"]
        );
        assert_eq!(broken(&marketing(vec![body("a {{1} b", &[])])), ["braces must pair"]);
    }

    #[test]
    fn quick_replies_stand_together() {
        let quick = || Button::new(ButtonKind::QuickReply, Some("Yes"));
        let link =
            || Button { url: Some("https://x.example".into()), ..Button::new(ButtonKind::Url, Some("Open")) };
        let with = |buttons| marketing(vec![body("Hi", &[]), TemplateComponent::buttons(buttons)]);
        assert!(broken(&with(vec![quick(), quick(), link()])).is_empty());
        assert_eq!(broken(&with(vec![quick(), link(), quick()])), ["quick replies stand together"]);
    }

    #[test]
    fn cards_are_alike() {
        let card = |format| CarouselCard {
            components: vec![TemplateComponent::media_header(format, "4::a")],
            ..CarouselCard::default()
        };
        let with = |cards| {
            marketing(vec![
                body("Hi", &[]),
                TemplateComponent { cards, ..TemplateComponent::of(ComponentKind::Carousel) },
            ])
        };
        assert!(broken(&with(vec![card(HeaderFormat::Image), card(HeaderFormat::Image)])).is_empty());
        assert_eq!(
            broken(&with(vec![card(HeaderFormat::Image), card(HeaderFormat::Video)])),
            ["every card has the same parts"]
        );
    }

    #[test]
    fn a_name_is_small_letters_digits_and_underscores() {
        let mut template = marketing(vec![body("Hi", &[])]);
        template.name = "Order Update".into();
        assert_eq!(broken(&template), ["1 to 512 small letters, digits and underscores"]);
    }
}
