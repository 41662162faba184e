//! Sign-up links inside WhatsApp: people opt in to marketing through a deep link.

use serde::{Deserialize, Serialize};

use crate::client::{CallError, Calls, Page, PageRequest, page};
use crate::send::Violation;
use crate::wire::{Extra, Success, lenient, open_enum, opt_text_or_number, text_or_number};

open_enum! {
    /// Whether a link works.
    pub enum SignupStatus {
        /// It does.
        Active = "ACTIVE",
        /// It does not.
        Disabled = "DISABLED",
    }
}

/// A sign-up link. A completed one comes as `user_preferences` with the value `signup`. What is absent in a
/// change stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InAppSignup {
    /// Meta's id.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The account.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub waba_id: Option<String>,
    /// Whether it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<SignupStatus>,
    /// What the person is asked; 1 to 300 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signup_message: Option<String>,
    /// What the person gets; 1 to 300 characters, may hold `{{promo_code}}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation_message: Option<String>,
    /// Where the privacy policy stands. Cannot be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privacy_policy_url: Option<String>,
    /// The business's page, HTTPS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website_url: Option<String>,
    /// What stands for `{{promo_code}}`: 1 to 50 letters and digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promo_code: Option<String>,
    /// The business's own name for the link; 1 to 256 characters, not shown to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Of a new one: that Meta's terms were accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<SignupPolicy>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// That terms of Meta's were accepted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SignupPolicy {
    /// Which terms.
    pub tos: String,
    /// Whether.
    #[serde(deserialize_with = "lenient::bool")]
    pub accepted: bool,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The link that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignupCreated {
    /// Meta's id.
    #[serde(deserialize_with = "text_or_number")]
    pub id: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl InAppSignup {
    /// Checks a new link or a change against Meta's limits.
    ///
    /// # Errors
    /// Every limit broken.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut broken = Vec::new();
        let mut rule = |holds: bool, field: &str, limit: String, advice: &'static str| {
            if !holds {
                broken.push(Violation { field: field.to_owned(), limit, advice });
            }
        };
        let texts = [
            ("signup_message", &self.signup_message, 300),
            ("confirmation_message", &self.confirmation_message, 300),
            ("display_name", &self.display_name, 256),
            ("promo_code", &self.promo_code, 50),
        ];
        for (field, text, most) in texts {
            let Some(text) = text else { continue };
            let fits = (1..=most).contains(&text.chars().count());
            rule(fits, field, format!("1 to {most} characters"), "Change the text.");
        }
        if let Some(code) = &self.promo_code {
            let plain = code.chars().all(|c| c.is_ascii_alphanumeric());
            rule(plain, "promo_code", "letters and digits only".to_owned(), "Choose another code.");
        }
        for (field, address, schemes) in [
            ("privacy_policy_url", &self.privacy_policy_url, &["https", "http"][..]),
            ("website_url", &self.website_url, &["https"]),
        ] {
            let Some(address) = address else { continue };
            let fits = url::Url::parse(address).is_ok_and(|url| schemes.contains(&url.scheme()));
            rule(fits, field, format!("an address with {}", schemes.join(" or ")), "Change the address.");
        }
        if broken.is_empty() { Ok(()) } else { Err(broken) }
    }

    /// The link itself, for a number's digits: `https://wa.me/<number>/signup/<id>`. `None` without an id.
    #[must_use]
    pub fn deep_link(&self, phone_digits: &str) -> Option<String> {
        Some(format!("https://wa.me/{phone_digits}/signup/{}", self.id.as_ref()?))
    }
}

impl Calls<'_> {
    /// Makes a sign-up link.
    ///
    /// # Errors
    /// [`CallError`]; 2494164 to 2494179.
    pub async fn create_in_app_signup(
        &self,
        waba_id: &str,
        signup: &InAppSignup,
    ) -> Result<SignupCreated, CallError> {
        self.post(&[waba_id, "signups"], signup).await
    }

    /// Lists the sign-up links of an account.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_in_app_signups(
        &self,
        waba_id: &str,
        page: &PageRequest,
    ) -> Result<Page<InAppSignup>, CallError> {
        self.get(&[waba_id, "signups"], &page::borrowed(&page.query(&[]))).await
    }

    /// Reads a sign-up link.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_in_app_signup(&self, signup_id: &str) -> Result<InAppSignup, CallError> {
        self.get(&["signups", signup_id], &[]).await
    }

    /// Changes a sign-up link, or switches it off or on.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn update_in_app_signup(
        &self,
        signup_id: &str,
        signup: &InAppSignup,
    ) -> Result<Success, CallError> {
        self.post(&["signups", signup_id], signup).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_has_limits_and_an_address() {
        let mut signup = InAppSignup {
            id: Some("98".into()),
            signup_message: Some("Get our news".into()),
            promo_code: Some("SPRING10".into()),
            website_url: Some("https://example.com".into()),
            ..InAppSignup::default()
        };
        assert_eq!(signup.validate(), Ok(()));
        assert_eq!(signup.deep_link("15550783881").unwrap(), "https://wa.me/15550783881/signup/98");
        signup.promo_code = Some("10 %".into());
        signup.website_url = Some("http://example.com".into());
        signup.signup_message = Some(String::new());
        let fields: Vec<_> = signup.validate().unwrap_err().into_iter().map(|broken| broken.field).collect();
        assert_eq!(fields, ["signup_message", "promo_code", "website_url"]);
    }
}
