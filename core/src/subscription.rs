//! Which event types does an endpoint receive?
//!
//! A subscription is an event type's name, `*` for all, or `user.*` for every name that starts
//! with `user.`. An endpoint without subscriptions receives everything.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::limits::{EVENT_TYPE_CHARS_MAX, SUBSCRIPTIONS_MAX};

/// One subscription.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// `*`: every event type.
    All,
    /// This event type alone.
    Exact(String),
    /// `user.*`, kept as `user.`: every event type that starts so and goes on.
    Prefix(String),
}

/// An endpoint's subscriptions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscriptions(Vec<Pattern>);

/// Why a name or a subscription is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SubscriptionError {
    /// The name is empty.
    #[error("an event type's name is empty; hint: name it as \"user.created\"")]
    Empty,
    /// The name is too long.
    #[error("an event type's name has {bytes} bytes; hint: use at most {EVENT_TYPE_CHARS_MAX}")]
    TooLong {
        /// How many bytes it has.
        bytes: usize,
    },
    /// A character is not one that a name may have.
    #[error(
        "an event type's name has the character {found:?}; \
         hint: use letters, digits, \".\", \"_\" and \"-\""
    )]
    Character {
        /// The first such character.
        found: char,
    },
    /// A `*` stands somewhere else than alone or after the last dot.
    #[error("\"*\" is misplaced in \"{pattern}\"; hint: write \"*\" alone or as in \"user.*\"")]
    Wildcard {
        /// The subscription, cut short.
        pattern: String,
    },
    /// There are too many subscriptions.
    #[error("there are {count} subscriptions; hint: use at most {SUBSCRIPTIONS_MAX}, or \"*\"")]
    TooMany {
        /// How many were given.
        count: usize,
    },
}

/// Checks an event type's name.
///
/// # Errors
/// When it is empty, longer than [`EVENT_TYPE_CHARS_MAX`], or has a character other than ASCII
/// letters, digits, `.`, `_` and `-`.
pub fn check_event_type(name: &str) -> Result<(), SubscriptionError> {
    if name.is_empty() {
        return Err(SubscriptionError::Empty);
    }
    let bytes = name.len();
    if bytes > EVENT_TYPE_CHARS_MAX {
        return Err(SubscriptionError::TooLong { bytes });
    }
    match name.chars().find(|&found| !is_name_char(found)) {
        Some(found) => Err(SubscriptionError::Character { found }),
        None => Ok(()),
    }
}

impl FromStr for Pattern {
    type Err = SubscriptionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "*" {
            return Ok(Self::All);
        }
        let name = text.strip_suffix(".*").unwrap_or(text);
        if name.contains('*') || text == ".*" {
            let pattern = text.chars().take(EVENT_TYPE_CHARS_MAX).collect();
            return Err(SubscriptionError::Wildcard { pattern });
        }
        check_event_type(name)?;
        if name.len() < text.len() {
            return Ok(Self::Prefix(format!("{name}.")));
        }
        Ok(Self::Exact(name.to_owned()))
    }
}

impl Pattern {
    /// Whether an event of this type is meant.
    #[must_use]
    pub fn matches(&self, event_type: &str) -> bool {
        match self {
            Self::All => true,
            Self::Exact(name) => name == event_type,
            Self::Prefix(prefix) => {
                event_type.len() > prefix.len() && event_type.starts_with(prefix.as_str())
            }
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Exact(name) => f.write_str(name),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
        }
    }
}

impl Subscriptions {
    /// Reads an endpoint's list; a repeated subscription is kept once.
    ///
    /// # Errors
    /// When there are too many, or one cannot be read.
    pub fn parse<S: AsRef<str>>(texts: &[S]) -> Result<Self, SubscriptionError> {
        let count = texts.len();
        if count > SUBSCRIPTIONS_MAX {
            return Err(SubscriptionError::TooMany { count });
        }
        let mut patterns = Vec::with_capacity(count);
        for text in texts {
            let pattern: Pattern = text.as_ref().parse()?;
            if !patterns.contains(&pattern) {
                patterns.push(pattern);
            }
        }
        Ok(Self(patterns))
    }

    /// Whether the endpoint receives events of this type.
    #[must_use]
    pub fn matches(&self, event_type: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| pattern.matches(event_type))
    }

    /// The subscriptions, in the order given; none means all.
    #[must_use]
    pub fn patterns(&self) -> &[Pattern] {
        &self.0
    }
}

const fn is_name_char(found: char) -> bool {
    found.is_ascii_alphanumeric() || matches!(found, '.' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::SubscriptionError as E;
    use super::*;

    fn list(texts: &[&str]) -> Subscriptions {
        Subscriptions::parse(texts).unwrap()
    }

    fn refused(text: &str) -> E {
        text.parse::<Pattern>().unwrap_err()
    }

    #[test]
    fn an_endpoint_without_subscriptions_receives_everything() {
        assert!(list(&[]).matches("user.created"));
        assert!(list(&["*"]).matches("ADDRRESS_LINKED"));
    }

    #[test]
    fn a_name_matches_itself_alone() {
        let one = list(&["user.created"]);
        assert!(one.matches("user.created"));
        for other in ["user.create", "user.created.x", "User.created", "user", ""] {
            assert!(!one.matches(other), "{other}");
        }
    }

    #[test]
    fn a_prefix_matches_at_a_dot_and_never_itself() {
        let users = list(&["user.*"]);
        for inside in ["user.created", "user.a.b", "user.."] {
            assert!(users.matches(inside), "{inside}");
        }
        for outside in ["user", "user.", "users.created", "auth.user.x"] {
            assert!(!users.matches(outside), "{outside}");
        }
    }

    #[test]
    fn any_subscription_of_the_list_is_enough() {
        let some = list(&["auth.login", "user.*", "auth.login"]);
        assert_eq!(some.patterns().len(), 2);
        assert!(some.matches("user.created") && some.matches("auth.login"));
        assert!(!some.matches("auth.logout"));
    }

    #[test]
    fn a_name_is_made_of_plain_characters() {
        assert_eq!(check_event_type("ADDRRESS_LINKED"), Ok(()));
        assert_eq!(check_event_type(&"x".repeat(EVENT_TYPE_CHARS_MAX)), Ok(()));
        assert_eq!(check_event_type(""), Err(E::Empty));
        let bytes = EVENT_TYPE_CHARS_MAX + 1;
        assert_eq!(
            check_event_type(&"x".repeat(bytes)),
            Err(E::TooLong { bytes })
        );
        for found in [' ', '/', '*', 'é', '\n', '\0', '"'] {
            let name = format!("user{found}created");
            assert_eq!(check_event_type(&name), Err(E::Character { found }));
        }
    }

    #[test]
    fn a_wildcard_stands_alone_or_after_the_last_dot() {
        for text in [
            "user*",
            "*.created",
            "user.*.x",
            "**",
            "*.*",
            ".*",
            "user.**",
        ] {
            assert!(matches!(refused(text), E::Wildcard { .. }), "{text}");
        }
        assert_eq!(refused(""), E::Empty);
        assert_eq!(refused("user created"), E::Character { found: ' ' });
    }

    #[test]
    fn the_list_is_bounded() {
        let texts: Vec<_> = (0..=SUBSCRIPTIONS_MAX).map(|n| format!("t{n}")).collect();
        assert!(Subscriptions::parse(&texts[1..]).is_ok());
        let count = SUBSCRIPTIONS_MAX + 1;
        assert_eq!(Subscriptions::parse(&texts), Err(E::TooMany { count }));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn a_pattern_reads_back_as_it_was_written(text in "[a-z.*_é]{0,8}") {
            if let Ok(pattern) = text.parse::<Pattern>() {
                prop_assert_eq!(pattern.to_string(), text);
            }
        }

        #[test]
        fn every_name_matches_itself_and_its_prefixes(name in "[A-Za-z0-9_-]{1,9}(\\.[a-z]{1,9}){0,3}") {
            prop_assert!(list(&[&name]).matches(&name));
            for (at, _) in name.match_indices('.') {
                let pattern = format!("{}.*", &name[..at]);
                prop_assert!(list(&[&pattern]).matches(&name));
            }
        }
    }
}
