//! What people find when they open the chat: prompts to tap and commands to type.

use serde::{Deserialize, Serialize};

use crate::client::{CallError, Calls};
use crate::send::Violation;
use crate::wire::{Extra, Success, lenient};

/// Prompts and commands of a number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Automation {
    /// Send `request_welcome` when a chat is opened. Meta: does not work at present.
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub enable_welcome_message: Option<bool>,
    /// At most 4, of at most 80 characters; a tap comes as text.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<String>,
    /// At most 30; typed with a slash, they come as text.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<Command>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A command.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// At most 32 characters, without the slash.
    pub command_name: String,
    /// At most 256 characters.
    pub command_description: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Automation {
    /// Checks a change against Meta's limits.
    ///
    /// # Errors
    /// Every limit broken.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut broken = Vec::new();
        let mut rule = |holds: bool, field: &str, limit: &str, advice: &'static str| {
            if !holds {
                broken.push(Violation { field: field.to_owned(), limit: limit.to_owned(), advice });
            }
        };
        let fits = |text: &str, most: usize| !text.trim().is_empty() && text.chars().count() <= most;
        rule(self.prompts.len() <= 4, "prompts", "at most 4", "Remove some.");
        rule(
            self.prompts.iter().all(|prompt| fits(prompt, 80)),
            "prompts",
            "1 to 80 characters",
            "Change the text.",
        );
        rule(self.commands.len() <= 30, "commands", "at most 30", "Remove some.");
        for command in &self.commands {
            rule(fits(&command.command_name, 32), "command_name", "1 to 32 characters", "Change the name.");
            let described = fits(&command.command_description, 256);
            rule(described, "command_description", "1 to 256 characters", "Change the text.");
        }
        if broken.is_empty() { Ok(()) } else { Err(broken) }
    }
}

#[derive(Deserialize)]
struct Wrapped {
    #[serde(default)]
    conversational_automation: Option<Automation>,
}

impl Calls<'_> {
    /// Reads prompts and commands of a number.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_automation(&self, phone_number_id: &str) -> Result<Automation, CallError> {
        let wrapped: Wrapped =
            self.get(&[phone_number_id], &[("fields", "conversational_automation")]).await?;
        Ok(wrapped.conversational_automation.unwrap_or_default())
    }

    /// Sets prompts and commands of a number.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn set_automation(
        &self,
        phone_number_id: &str,
        automation: &Automation,
    ) -> Result<Success, CallError> {
        self.post(&[phone_number_id, "conversational_automation"], automation).await
    }
}
