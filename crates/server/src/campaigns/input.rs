//! What a campaign says and to whom, as the API takes and shows it.

use serde::{Deserialize, Serialize};
use tisara_domain::{ContactId, FieldId, LabelId, NumberId, SegmentId, TemplateId, settle::SettlePolicy};
use tisara_store::{
    campaigns::{Audience, Binding, Definition, HeaderMedia, Place, Source},
    segments::Rule,
};
use utoipa::ToSchema;

/// A campaign to be made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignInput {
    /// 1 to 200 characters.
    pub(crate) name: String,
    /// The number it is sent from.
    #[schema(value_type = String)]
    pub(crate) number: NumberId,
    /// The template it sends; it must belong to the number's account.
    #[schema(value_type = String)]
    pub(crate) template: TemplateId,
    pub(crate) audience: AudienceView,
    /// A value for each variable of the template.
    #[serde(default)]
    pub(crate) bindings: Vec<BindingView>,
    /// The picture, video or document of a template whose header wants one.
    #[serde(default)]
    pub(crate) header_media: Option<MediaView>,
    /// Skip people without a recorded consent to marketing. For marketing templates `true` when absent.
    #[serde(default)]
    pub(crate) require_consent: Option<bool>,
    /// Skip people who got a campaign message within so many hours, 1 to 720.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 720)]
    pub(crate) frequency_cap_hours: Option<u32>,
    /// What becomes of messages that may or may not have gone out.
    #[serde(default)]
    pub(crate) settle: SettleView,
}

/// Who gets it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum AudienceView {
    /// Every contact.
    All,
    /// The contacts with a label.
    Label {
        /// The label.
        #[schema(value_type = String)]
        label: LabelId,
    },
    /// The contacts of a segment: its rule, and who belongs to it, as they are when the campaign starts.
    Segment {
        /// The segment.
        #[schema(value_type = String)]
        segment: SegmentId,
    },
    /// These contacts, at most 10,000.
    Contacts {
        /// Their ids; the order does not matter.
        #[schema(value_type = Vec<String>)]
        contacts: Vec<ContactId>,
    },
}

/// Where one variable's value comes from.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BindingView {
    pub(crate) place: PlaceView,
    /// The variable: `1`, or `first_name`.
    pub(crate) name: String,
    pub(crate) source: SourceView,
    /// The value where the source has none; without one the person is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fallback: Option<String>,
}

/// A part of a template that can hold variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PlaceView {
    /// The text header.
    Header,
    /// The body.
    Body,
    /// A button: the end of its address, or its code.
    Button {
        /// From 0.
        index: u8,
    },
}

/// What a variable's value is taken from.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum SourceView {
    /// The contact's name.
    Name,
    /// The contact's phone number.
    Phone,
    /// A custom field.
    Field {
        /// The field.
        #[schema(value_type = String)]
        field: FieldId,
    },
    /// The same text for everyone.
    Text {
        /// The text.
        text: String,
    },
}

/// A picture, video or document: one of `link` and `id`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MediaView {
    /// `image`, `video` or `document`.
    pub(crate) kind: String,
    /// A public https address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<String>,
    /// An id that Meta gave for an upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// The name a document shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) filename: Option<String>,
}

/// What becomes of messages that may or may not have gone out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SettleView {
    /// Sent again once it is as good as proven that they did not go out.
    #[default]
    Resend,
    /// Never sent again.
    GiveUp,
    /// Left uncertain until Meta or a person says what became of it.
    Ask,
}

impl CampaignInput {
    /// The definition to store; `marketing` says what an absent `require_consent` means.
    /// `rule` is that of the segment, if the audience is one.
    pub(super) fn definition(&self, marketing: bool, rule: Option<Rule>) -> Definition {
        Definition {
            audience: match &self.audience {
                // Without its rule a segment has nobody.
                AudienceView::Segment { segment } => Audience::Segment {
                    segment: *segment,
                    rule: rule.unwrap_or(Rule::Any { rules: Vec::new() }),
                },
                AudienceView::All => Audience::All,
                AudienceView::Label { label } => Audience::Label { label: *label },
                AudienceView::Contacts { contacts } => Audience::Contacts { contacts: contacts.clone() },
            },
            bindings: self.bindings.iter().map(Binding::from).collect(),
            header_media: self.header_media.clone().map(HeaderMedia::from),
            require_consent: self.require_consent.unwrap_or(marketing),
            frequency_cap_hours: self.frequency_cap_hours,
            settle: match self.settle {
                SettleView::Resend => SettlePolicy::Resend,
                SettleView::GiveUp => SettlePolicy::GiveUp,
                SettleView::Ask => SettlePolicy::Ask,
            },
        }
    }
}

impl From<&BindingView> for Binding {
    fn from(b: &BindingView) -> Self {
        Self {
            place: b.place.into(),
            name: b.name.trim().to_owned(),
            source: match &b.source {
                SourceView::Name => Source::Name,
                SourceView::Phone => Source::Phone,
                SourceView::Field { field } => Source::Field { field: *field },
                SourceView::Text { text } => Source::Text { text: text.clone() },
            },
            fallback: b.fallback.clone(),
        }
    }
}

impl From<Binding> for BindingView {
    fn from(b: Binding) -> Self {
        Self {
            place: b.place.into(),
            name: b.name,
            source: match b.source {
                Source::Name => SourceView::Name,
                Source::Phone => SourceView::Phone,
                Source::Field { field } => SourceView::Field { field },
                Source::Text { text } => SourceView::Text { text },
            },
            fallback: b.fallback,
        }
    }
}

impl From<PlaceView> for Place {
    fn from(p: PlaceView) -> Self {
        match p {
            PlaceView::Header => Self::Header,
            PlaceView::Body => Self::Body,
            PlaceView::Button { index } => Self::Button { index },
        }
    }
}

impl From<Place> for PlaceView {
    fn from(p: Place) -> Self {
        match p {
            Place::Header => Self::Header,
            Place::Body => Self::Body,
            Place::Button { index } => Self::Button { index },
        }
    }
}

impl From<MediaView> for HeaderMedia {
    fn from(m: MediaView) -> Self {
        Self { kind: m.kind, link: m.link, id: m.id, filename: m.filename }
    }
}

impl From<HeaderMedia> for MediaView {
    fn from(m: HeaderMedia) -> Self {
        Self { kind: m.kind, link: m.link, id: m.id, filename: m.filename }
    }
}

impl From<Audience> for AudienceView {
    fn from(a: Audience) -> Self {
        match a {
            Audience::All => Self::All,
            Audience::Label { label } => Self::Label { label },
            Audience::Segment { segment, .. } => Self::Segment { segment },
            Audience::Contacts { contacts } => Self::Contacts { contacts },
        }
    }
}

impl From<SettlePolicy> for SettleView {
    fn from(s: SettlePolicy) -> Self {
        match s {
            SettlePolicy::Resend => Self::Resend,
            SettlePolicy::GiveUp => Self::GiveUp,
            SettlePolicy::Ask => Self::Ask,
        }
    }
}
