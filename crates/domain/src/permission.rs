//! What somebody may do in an organization: a closed list of permissions, and the roles made of them.
//!
//! The list documents itself: the API shows it with these words, and every route names one of them.

use std::fmt;

macro_rules! permissions {
    ($($name:ident = $word:literal: $what:literal;)*) => {
        /// One thing that may be allowed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $(#[doc = $what] $name,)*
        }

        impl Permission {
            /// All of them, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its word in the API and the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What it allows, in a sentence.
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }
        }
    };
}

permissions! {
    OrganizationManage = "organization.manage": "Change the organization's name and country.";
    BillingManage = "billing.manage": "See and change the billing address.";
    UsageRead = "usage.read": "See what the organization uses, and its limits.";
    MembersRead = "members.read": "See who is a member, and the teams.";
    MembersManage = "members.manage": "Invite people, change what they may do, remove them; make teams.";
    RolesManage = "roles.manage": "Make and change roles of the organization's own.";
    KeysManage = "api_keys.manage": "Make, see and revoke API keys.";
    NumbersRead = "numbers.read": "See the connected numbers.";
    NumbersManage = "numbers.manage": "Connect, change and remove numbers.";
    TemplatesRead = "templates.read": "See message templates.";
    TemplatesManage = "templates.manage": "Take templates over from Meta.";
    ContactsRead = "contacts.read": "See contacts, labels and fields.";
    ContactsWrite = "contacts.write": "Add and change contacts, labels and consents.";
    ContactsDelete = "contacts.delete": "Delete contacts.";
    ContactsImport = "contacts.import": "Import contacts from files.";
    FieldsManage = "fields.manage": "Make and delete fields and delete labels.";
    CampaignsRead = "campaigns.read": "See campaigns and what became of them.";
    CampaignsWrite = "campaigns.write": "Plan campaigns.";
    CampaignsSend = "campaigns.send": "Start, pause, resume and cancel campaigns.";
    CampaignsExport = "campaigns.export": "Download the people of a campaign.";
    ThreadsRead = "threads.read": "See threads, as far as one's visibility goes.";
    ThreadsReply = "threads.reply": "Write in threads and resolve conversations.";
    ThreadsAssign = "threads.assign": "Say who sees to a thread.";
    JobsRead = "jobs.read": "See long tasks.";
    JobsManage = "jobs.manage": "Cancel long tasks.";
    JournalRead = "journal.read": "See webhooks that could not be applied.";
    JournalManage = "journal.manage": "Apply such webhooks again.";
}

/// A text names no permission.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no permission {0:?}; GET /api/v1/permissions lists them")]
pub struct UnknownPermission(pub String);

impl std::str::FromStr for Permission {
    type Err = UnknownPermission;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|permission| permission.as_str() == text);
        found.copied().ok_or_else(|| UnknownPermission(text.to_owned()))
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u64);

impl Permissions {
    /// None at all.
    pub const NONE: Self = Self(0);

    /// Every one.
    #[must_use]
    pub fn all() -> Self {
        Permission::ALL.iter().copied().collect()
    }

    /// Whether this one is in it.
    #[must_use]
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// Whether all of these are in it.
    #[must_use]
    pub const fn has_all(self, of: Self) -> bool {
        self.0 & of.0 == of.0
    }

    /// Those that are in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those of it, in the order of the list.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.has(*permission))
    }

    /// Reads words that are parted by spaces; `*` is every permission, also those of later releases. A
    /// word that nobody knows any more allows nothing.
    #[must_use]
    pub fn from_words(words: &str) -> Self {
        if words == "*" {
            return Self::all();
        }
        words.split_whitespace().filter_map(|word| word.parse::<Permission>().ok()).collect()
    }

    /// The words, parted by spaces.
    #[must_use]
    pub fn to_words(self) -> String {
        self.iter().map(Permission::as_str).collect::<Vec<_>>().join(" ")
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(iter: I) -> Self {
        Self(iter.into_iter().fold(0, |set, permission| set | 1 << permission as u32))
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Whose threads somebody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Visibility {
    /// Those that are assigned to them.
    Own,
    /// Those, those that nobody has yet, and those of people who share a team with them.
    Team,
    /// All.
    All,
}

impl Visibility {
    /// Its word in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Team => "team",
            Self::All => "all",
        }
    }
}

/// The roles that every organization has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// May do everything, and alone may hand the organization over. There is always one.
    Owner,
    /// May do everything else.
    Admin,
    /// Runs the business: contacts, campaigns, threads; not people, keys or numbers.
    Manager,
    /// Sees to customers.
    Agent,
    /// Looks on.
    Viewer,
}

impl Role {
    /// All of them, the mightiest first.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Manager, Self::Agent, Self::Viewer];

    /// Its word in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Agent => "agent",
            Self::Viewer => "viewer",
        }
    }

    /// The role of that word.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// What it may do.
    #[must_use]
    pub fn permissions(self) -> Permissions {
        use Permission as P;
        match self {
            Self::Owner | Self::Admin => Permissions::all(),
            Self::Manager => Permissions::all()
                .iter()
                .filter(|permission| {
                    !matches!(
                        permission,
                        P::OrganizationManage
                            | P::BillingManage
                            | P::MembersManage
                            | P::RolesManage
                            | P::KeysManage
                            | P::NumbersManage
                            | P::JournalRead
                            | P::JournalManage
                    )
                })
                .collect(),
            Self::Agent => [
                P::MembersRead,
                P::NumbersRead,
                P::TemplatesRead,
                P::ContactsRead,
                P::ContactsWrite,
                P::ThreadsRead,
                P::ThreadsReply,
            ]
            .into_iter()
            .collect(),
            Self::Viewer => [
                P::MembersRead,
                P::NumbersRead,
                P::TemplatesRead,
                P::ContactsRead,
                P::CampaignsRead,
                P::ThreadsRead,
                P::JobsRead,
            ]
            .into_iter()
            .collect(),
        }
    }

    /// Whose threads it sees.
    #[must_use]
    pub const fn visibility(self) -> Visibility {
        match self {
            Self::Agent => Visibility::Team,
            _ => Visibility::All,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_word_names_one_permission() {
        for permission in Permission::ALL {
            assert_eq!(permission.as_str().parse(), Ok(*permission));
            assert!(permission.what().ends_with('.'));
        }
        assert!(Permission::ALL.len() <= 64 && "contacts.fly".parse::<Permission>().is_err());
        assert_eq!(Permissions::from_words("*"), Permissions::all());
        assert_eq!(Permissions::from_words("contacts.read contacts.fly").to_words(), "contacts.read");
    }

    #[test]
    fn a_lower_role_may_nothing_that_a_higher_one_may_not() {
        for pair in [
            [Role::Owner, Role::Admin],
            [Role::Admin, Role::Manager],
            [Role::Manager, Role::Agent],
            [Role::Manager, Role::Viewer],
        ] {
            assert!(pair[0].permissions().has_all(pair[1].permissions()), "{pair:?}");
        }
        assert!(!Role::Manager.permissions().has(Permission::MembersManage));
        assert!(Role::Viewer.permissions().iter().all(|permission| permission.as_str().ends_with(".read")));
    }

    proptest! {
        #[test]
        fn a_set_survives_its_words(bits: u64) {
            let set: Permissions =
                Permission::ALL.iter().enumerate().filter(|(n, _)| bits >> n & 1 == 1).map(|(_, p)| *p).collect();
            prop_assert_eq!(Permissions::from_words(&set.to_words()), set);
        }
    }
}
