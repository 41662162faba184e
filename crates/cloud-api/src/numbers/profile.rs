//! What people see of a business.

use serde::{Deserialize, Serialize};

use crate::client::{CallError, Calls, Page};
use crate::send::Violation;
use crate::wire::{Extra, Product, Success, lenient, open_enum};

/// The fields read by [`Calls::get_profile`].
pub const PROFILE_FIELDS: &str = "about,address,description,email,profile_picture_url,websites,vertical";

open_enum! {
    /// Trade of a business.
    pub enum Vertical {
        /// Something else.
        Unlisted = "OTHER",
        /// Cars.
        Auto = "AUTO",
        /// Beauty.
        Beauty = "BEAUTY",
        /// Clothes.
        Apparel = "APPAREL",
        /// Education.
        Education = "EDU",
        /// Entertainment.
        Entertainment = "ENTERTAIN",
        /// Events.
        EventPlanning = "EVENT_PLAN",
        /// Money.
        Finance = "FINANCE",
        /// Groceries.
        Grocery = "GROCERY",
        /// The state.
        Government = "GOVT",
        /// Hotels.
        Hotel = "HOTEL",
        /// Health.
        Health = "HEALTH",
        /// Charity.
        Nonprofit = "NONPROFIT",
        /// Services.
        ProfessionalServices = "PROF_SERVICES",
        /// Shops.
        Retail = "RETAIL",
        /// Travel.
        Travel = "TRAVEL",
        /// Restaurants.
        Restaurant = "RESTAURANT",
        /// Alcohol.
        Alcohol = "ALCOHOL",
        /// Gambling over the net.
        OnlineGambling = "ONLINE_GAMBLING",
        /// Gambling in person.
        PhysicalGambling = "PHYSICAL_GAMBLING",
        /// Medicine without prescription.
        OtcDrugs = "OTC_DRUGS",
    }
}

/// The profile. What is absent in a change stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BusinessProfile {
    /// Always `whatsapp`; needed in a change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// 1 to 139 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// At most 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// At most 512 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// At most 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// At most two, of at most 256 characters.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub websites: Vec<String>,
    /// Trade.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vertical: Option<Vertical>,
    /// Picture; read only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_picture_url: Option<String>,
    /// Handle of an uploaded picture; write only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_picture_handle: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl BusinessProfile {
    /// Checks a change against Meta's limits.
    ///
    /// # Errors
    /// Every limit broken.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut broken = Vec::new();
        let texts = [
            ("about", &self.about, 139),
            ("address", &self.address, 256),
            ("description", &self.description, 512),
            ("email", &self.email, 128),
        ];
        let websites = self.websites.iter().map(|website| ("websites", website.as_str(), 256));
        let texts = texts.into_iter().filter_map(|(field, text, most)| Some((field, text.as_deref()?, most)));
        for (field, text, most) in texts.chain(websites) {
            let length = text.chars().count();
            if length > most || (field == "about" && length == 0) {
                let limit = format!("at most {most} characters, has {length}");
                broken.push(Violation { field: field.to_owned(), limit, advice: "Change the text." });
            }
        }
        if self.websites.len() > 2 {
            let limit = "at most two websites".to_owned();
            broken.push(Violation { field: "websites".to_owned(), limit, advice: "Remove one." });
        }
        if broken.is_empty() { Ok(()) } else { Err(broken) }
    }
}

impl Calls<'_> {
    /// Reads the profile of a number, with [`PROFILE_FIELDS`].
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_profile(&self, phone_number_id: &str) -> Result<BusinessProfile, CallError> {
        let path = [phone_number_id, "whatsapp_business_profile"];
        let page: Page<BusinessProfile> = self.get(&path, &[("fields", PROFILE_FIELDS)]).await?;
        Ok(page.data.into_iter().next().unwrap_or_default())
    }

    /// Changes the profile of a number.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn update_profile(
        &self,
        phone_number_id: &str,
        profile: &BusinessProfile,
    ) -> Result<Success, CallError> {
        let change = BusinessProfile { messaging_product: Some(Product::WhatsApp), ..profile.clone() };
        self.post(&[phone_number_id, "whatsapp_business_profile"], &change).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_has_limits() {
        let profile = BusinessProfile { about: Some("x".repeat(140)), ..BusinessProfile::default() };
        assert_eq!(profile.validate().unwrap_err()[0].field, "about");
        let profile = BusinessProfile { websites: vec!["https://x".into(); 3], ..BusinessProfile::default() };
        assert_eq!(profile.validate().unwrap_err()[0].limit, "at most two websites");
        assert_eq!(BusinessProfile::default().validate(), Ok(()));
    }
}
