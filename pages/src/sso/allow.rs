//! Who of those whom the issuer vouches for may sign in, and as what?

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use hookwright_core::scope::{Scope, Scopes};
use serde_json::{Map, Value};
use thiserror::Error;

/// Some people, and what they may do: `ada@example.com:admin`, `@example.com:viewer`,
/// `groups=ops:admin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowRule {
    who: Who,
    role: Role,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Who {
    /// In lower case, as the two below.
    Email(String),
    /// With the `@`.
    Domain(String),
    /// A claim that is this text, or a list with it.
    Claim(String, String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Viewer,
    Admin,
}

impl Role {
    fn scopes(self) -> Scopes {
        match self {
            Self::Admin => Scopes::ALL,
            Self::Viewer => Scopes::of(&[
                Scope::EventsRead,
                Scope::EndpointsRead,
                Scope::DeliveriesRead,
                Scope::AccountsRead,
                Scope::AuditRead,
            ]),
        }
    }
}

/// A text that is no such rule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "\"{0}\" says not who may sign in as what\nhint: ada@example.com:admin, @example.com:viewer, or CLAIM=VALUE:viewer"
)]
pub struct AllowRuleError(String);

impl FromStr for AllowRule {
    type Err = AllowRuleError;

    fn from_str(text: &str) -> Result<Self, AllowRuleError> {
        let error = || AllowRuleError(text.to_owned());
        let (who, role) = text.trim().rsplit_once(':').ok_or_else(error)?;
        let role = match role {
            "admin" => Role::Admin,
            "viewer" => Role::Viewer,
            _ => return Err(error()),
        };
        let who = match (who.split_once('='), who.split_once('@')) {
            (Some((claim, value)), _) if !claim.is_empty() && !value.is_empty() => {
                Who::Claim(claim.to_owned(), value.to_owned())
            }
            (None, Some((name, domain))) if !domain.is_empty() && !domain.contains('@') => {
                match name.is_empty() {
                    true => Who::Domain(who.to_ascii_lowercase()),
                    false => Who::Email(who.to_ascii_lowercase()),
                }
            }
            _ => return Err(error()),
        };
        Ok(Self { who, role })
    }
}

impl AllowRule {
    /// The rule as a session keeps it that was opened by it, for people of this issuer.
    #[must_use]
    pub fn of_issuer(&self, issuer: &str) -> String {
        format!("{issuer} {self}")
    }

    pub(super) fn scopes(&self) -> Scopes {
        self.role.scopes()
    }
}

impl Display for AllowRule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.who {
            Who::Email(who) | Who::Domain(who) => f.write_str(who)?,
            Who::Claim(claim, value) => write!(f, "{claim}={value}")?,
        }
        f.write_str(match self.role {
            Role::Admin => ":admin",
            Role::Viewer => ":viewer",
        })
    }
}

/// The rule that gives the most to somebody with this address, if it is verified, and these claims.
pub(super) fn rule<'a>(
    rules: &'a [AllowRule],
    email: Option<&str>,
    claims: &Map<String, Value>,
) -> Option<&'a AllowRule> {
    let email = email.map(str::to_ascii_lowercase);
    let is_meant = |who: &Who| match who {
        Who::Email(own) => email.as_ref() == Some(own),
        // The first `@` of the rule is the last of the address: a quoted name may hold others.
        Who::Domain(domain) => email.as_deref().is_some_and(|email| {
            let place = email.rfind('@');
            place.is_some_and(|place| place > 0 && email[place..] == **domain)
        }),
        Who::Claim(name, value) => match claims.get(name) {
            Some(Value::String(own)) => own == value,
            Some(Value::Array(all)) => all.iter().any(|own| own.as_str() == Some(value)),
            _ => false,
        },
    };
    let meant = rules.iter().filter(|rule| is_meant(&rule.who));
    meant.max_by_key(|rule| rule.role)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn given(rules: &[&str], email: Option<&str>, claims: Value) -> Option<Scopes> {
        let rules: Result<Vec<AllowRule>, _> = rules.iter().map(|text| text.parse()).collect();
        let claims = claims.as_object().cloned().unwrap_or_default();
        rule(&rules.expect("rules"), email, &claims).map(AllowRule::scopes)
    }

    #[test]
    fn a_rule_is_an_address_a_domain_or_a_claim_with_a_role() {
        for text in [
            "",
            "ada@example.com",
            "ada@example.com:root",
            "ada:admin",
            "@:admin",
            "=x:admin",
            "groups=:admin",
            "a@b@c:viewer",
        ] {
            assert!(text.parse::<AllowRule>().is_err(), "{text}");
        }
        for text in [
            "ada@example.com:admin",
            " @example.com:viewer",
            "groups=ops:admin",
            "https://x.test/roles=a@b:viewer",
        ] {
            let rule: AllowRule = text.parse().expect("a rule");
            assert_eq!(rule.to_string(), text.trim());
            assert_eq!(rule.to_string().parse(), Ok(rule));
        }
        // The same rule, however it is written, stays one rule to the sessions that it opened.
        let rule: AllowRule = "ADA@Example.com:admin".parse().expect("a rule");
        assert_eq!(
            rule.of_issuer("https://id.test"),
            "https://id.test ada@example.com:admin"
        );
    }

    #[test]
    fn an_address_is_matched_whole_and_in_any_case() {
        let rules = ["Ada@Example.com:admin"];
        assert_eq!(
            given(&rules, Some("ada@example.COM"), json!({})),
            Some(Scopes::ALL)
        );
        for other in [
            "ada@example.com.evil.test",
            "xada@example.com",
            "ada@example",
        ] {
            assert_eq!(given(&rules, Some(other), json!({})), None);
        }
        assert_eq!(
            given(&rules, None, json!({"email": "ada@example.com"})),
            None
        );
    }

    #[test]
    fn a_domain_is_no_part_of_another() {
        let rules = ["@example.com:viewer"];
        assert!(given(&rules, Some("bob@example.com"), json!({})).is_some());
        for other in [
            "bob@sub.example.com",
            "bob@notexample.com",
            "@example.com",
            "bob@example.com@evil.test",
        ] {
            assert_eq!(given(&rules, Some(other), json!({})), None, "{other}");
        }
    }

    #[test]
    fn a_claim_is_a_text_or_a_list_and_the_most_counts() {
        let rules = ["groups=ops:admin", "@example.com:viewer"];
        assert_eq!(
            given(&rules, None, json!({"groups": ["dev", "ops"]})),
            Some(Scopes::ALL)
        );
        assert_eq!(
            given(&rules, None, json!({"groups": "ops"})),
            Some(Scopes::ALL)
        );
        assert_eq!(given(&rules, None, json!({"groups": ["devops"]})), None);
        let both = given(&rules, Some("a@example.com"), json!({"groups": ["ops"]}));
        assert_eq!(both, Some(Scopes::ALL));
        let viewer = given(&rules, Some("a@example.com"), json!({})).expect("a viewer");
        assert!(viewer.allows(Scope::AuditRead) && !viewer.allows(Scope::KeysWrite));
        assert!(
            !viewer.allows(Scope::EndpointsWrite),
            "it would show secrets"
        );
    }
}
