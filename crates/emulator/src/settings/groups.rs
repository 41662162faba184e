//! Groups and how they behave.

use serde::{Deserialize, Serialize};

/// A group of a business number, as it stands in the world.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupSettings {
    /// Its id, as Meta writes it.
    pub id: String,
    /// The number that stands for it in message ids.
    pub serial: u64,
    /// Its name.
    pub subject: String,
    /// What it is about.
    pub description: Option<String>,
    /// Who joins must be let in.
    pub approval_required: bool,
    /// When it was made (unix seconds).
    pub created_at: i64,
    /// Meta has suspended it.
    pub suspended: bool,
    /// Phone numbers of who is in it, as digits.
    pub participants: Vec<String>,
    /// The last part of its invite link; empty when it was deleted.
    pub link: String,
}

/// What happens with groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupBehaviour {
    /// Only numbers whose portfolio may reach 100,000 users make groups, and none that is also used in the
    /// Business app (131215).
    pub checked: bool,
    /// Users in a group, besides the business.
    pub most_participants: usize,
    /// Groups of a number (131211).
    pub most_groups: usize,
}

impl Default for GroupBehaviour {
    fn default() -> Self {
        Self { checked: true, most_participants: 8, most_groups: 10_000 }
    }
}
