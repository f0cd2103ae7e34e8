//! What may the holder of an API key do?

use std::fmt;

use thiserror::Error;

use crate::key_format::KeyKind;

/// One thing that a key may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Scope {
    /// Publish events.
    EventsWrite = 0,
    /// Read events.
    EventsRead = 1,
    /// Read endpoints.
    EndpointsRead = 2,
    /// Make, change and delete endpoints.
    EndpointsWrite = 3,
    /// Read deliveries and attempts.
    DeliveriesRead = 4,
    /// Resend, cancel and replay deliveries.
    DeliveriesWrite = 5,
    /// Read accounts.
    AccountsRead = 6,
    /// Make, change and delete accounts.
    AccountsWrite = 7,
    /// Make and revoke keys.
    KeysWrite = 8,
    /// Make, change and delete projects.
    ProjectsWrite = 9,
    /// Describe event types.
    EventTypesWrite = 10,
    /// Read the audit log.
    AuditRead = 11,
    /// Remove data for good.
    DataPurge = 12,
    /// Make and revoke portal tokens.
    PortalWrite = 13,
    /// Change the project's own settings.
    SettingsWrite = 14,
}

impl Scope {
    /// Every scope, in the order in which they are written.
    pub const ALL: [Self; 15] = [
        Self::EventsWrite,
        Self::EventsRead,
        Self::EndpointsRead,
        Self::EndpointsWrite,
        Self::DeliveriesRead,
        Self::DeliveriesWrite,
        Self::AccountsRead,
        Self::AccountsWrite,
        Self::KeysWrite,
        Self::ProjectsWrite,
        Self::EventTypesWrite,
        Self::AuditRead,
        Self::DataPurge,
        Self::PortalWrite,
        Self::SettingsWrite,
    ];

    /// The word that the API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EventsWrite => "events:write",
            Self::EventsRead => "events:read",
            Self::EndpointsRead => "endpoints:read",
            Self::EndpointsWrite => "endpoints:write",
            Self::DeliveriesRead => "deliveries:read",
            Self::DeliveriesWrite => "deliveries:write",
            Self::AccountsRead => "accounts:read",
            Self::AccountsWrite => "accounts:write",
            Self::KeysWrite => "keys:write",
            Self::ProjectsWrite => "projects:write",
            Self::AuditRead => "audit:read",
            Self::DataPurge => "data:purge",
            Self::PortalWrite => "portal:write",
            Self::SettingsWrite => "settings:write",
            Self::EventTypesWrite => "event-types:write",
        }
    }

    /// The scope for the API's word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of scopes. The bits are what the stores hold; a bit never changes meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scopes(u16);

/// A word in a list of scopes that is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{word}\" is no scope; hint: the scopes are {}", Scopes::ALL)]
pub struct UnknownScope {
    /// The word, cut short.
    pub word: String,
}

const WORD_CHARS_SHOWN: usize = 64;

impl Scopes {
    /// No scope.
    pub const NONE: Self = Self(0);

    /// Every scope.
    pub const ALL: Self = Self::of(&Scope::ALL);

    /// The set of these scopes.
    #[must_use]
    pub const fn of(scopes: &[Scope]) -> Self {
        let mut bits = 0;
        let mut rest = scopes;
        while let [scope, tail @ ..] = rest {
            bits |= 1 << (*scope as u8);
            rest = tail;
        }
        Self(bits)
    }

    /// What a key of this kind may do where its maker does not say, which is also the most that it
    /// can be given.
    #[must_use]
    pub const fn default_of(kind: KeyKind) -> Self {
        match kind {
            // A session may do what the key that opens it may, and no more is checked elsewhere.
            KeyKind::Root | KeyKind::Session => Self::ALL,
            KeyKind::Project => Self::ALL
                .without(Scope::ProjectsWrite)
                .without(Scope::DataPurge),
            KeyKind::Account | KeyKind::Portal => Self::of(&[
                Scope::EventsRead,
                Scope::EndpointsRead,
                Scope::EndpointsWrite,
                Scope::DeliveriesRead,
                Scope::DeliveriesWrite,
            ]),
        }
    }

    /// Reads words that are separated by spaces; an empty text is no scope.
    ///
    /// # Errors
    /// When a word is no scope.
    pub fn parse(words: &str) -> Result<Self, UnknownScope> {
        Self::from_words(words.split_ascii_whitespace())
    }

    /// Reads a list of words.
    ///
    /// # Errors
    /// When a word is no scope.
    pub fn from_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownScope> {
        words
            .into_iter()
            .try_fold(Self::NONE, |scopes, word| match Scope::parse(word) {
                Some(scope) => Ok(scopes.with(scope)),
                None => Err(UnknownScope {
                    word: word.chars().take(WORD_CHARS_SHOWN).collect(),
                }),
            })
    }

    /// The set for stored bits. Bits that this version does not know are dropped: an unknown right
    /// is no right.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// The bits that the stores hold.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// The set with this scope.
    #[must_use]
    pub const fn with(self, scope: Scope) -> Self {
        Self(self.0 | 1 << (scope as u8))
    }

    /// The set without this scope.
    #[must_use]
    pub const fn without(self, scope: Scope) -> Self {
        Self(self.0 & !(1 << (scope as u8)))
    }

    /// Whether this scope is in the set.
    #[must_use]
    pub const fn allows(self, scope: Scope) -> bool {
        self.0 & 1 << (scope as u8) != 0
    }

    /// Whether all of `other` is in the set: nobody may hand out more than they hold.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// The scopes of the set, in the order in which they are written.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .into_iter()
            .filter(move |&scope| self.allows(scope))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, scope) in self.iter().enumerate() {
            let separator = if place == 0 { "" } else { " " };
            write!(f, "{separator}{scope}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_reads_back_from_its_words_and_its_bits() {
        for bits in 0..=Scopes::ALL.bits() {
            let scopes = Scopes::from_bits(bits);
            // Some bits are not given out yet.
            assert_eq!(scopes.bits(), bits & Scopes::ALL.bits());
            assert_eq!(Scopes::parse(&scopes.to_string()), Ok(scopes));
            assert_eq!(Scopes::of(&scopes.iter().collect::<Vec<_>>()), scopes);
        }
    }

    #[test]
    fn an_account_key_reaches_its_own_things_only() {
        let account = Scopes::default_of(KeyKind::Account);
        let words = "events:read endpoints:read endpoints:write deliveries:read deliveries:write";
        assert_eq!(account.to_string(), words);
    }

    #[test]
    fn a_project_key_does_all_but_make_projects_and_purge() {
        let project = Scopes::default_of(KeyKind::Project);
        let denied: Vec<_> = Scope::ALL
            .into_iter()
            .filter(|&s| !project.allows(s))
            .collect();
        assert_eq!(denied, [Scope::ProjectsWrite, Scope::DataPurge]);
    }

    #[test]
    fn each_kind_of_key_covers_those_below() {
        let [root, project, account, portal, _] = KeyKind::ALL.map(Scopes::default_of);
        assert!(root.covers(project) && project.covers(account) && account.covers(portal));
        assert!(portal.covers(Scopes::NONE));
        assert!(!project.covers(root) && !account.covers(project));
        assert_eq!(root, Scopes::ALL);
    }

    #[test]
    fn a_word_that_is_no_scope_is_refused_by_name() {
        let error = Scopes::parse("events:read admin").unwrap_err();
        assert_eq!(error.word, "admin");
        let text = error.to_string();
        assert!(text.starts_with("\"admin\" is no scope; hint: the scopes are events:write"));
        for words in ["*", "Events:Read", "events", "events:read,events:write"] {
            assert!(Scopes::parse(words).is_err(), "{words}");
        }
        assert_eq!(Scopes::parse("  "), Ok(Scopes::NONE));
    }

    #[test]
    fn an_unknown_bit_is_no_right() {
        assert_eq!(Scopes::from_bits(u16::MAX), Scopes::ALL);
        assert_eq!(Scopes::from_bits(1 << 15), Scopes::NONE);
    }
}
