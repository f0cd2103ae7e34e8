//! The profiles that are part of the binary.

use super::Profile;

const FILES: &[(&str, &str)] = &[
    ("authento", include_str!("../../profiles/authento.toml")),
    ("authepy", include_str!("../../profiles/authepy.toml")),
    ("authpi", include_str!("../../profiles/authpi.toml")),
    (
        "cloudevents",
        include_str!("../../profiles/cloudevents.toml"),
    ),
    (
        "cloudevents-binary",
        include_str!("../../profiles/cloudevents-binary.toml"),
    ),
    ("envoyou", include_str!("../../profiles/envoyou.toml")),
    ("github", include_str!("../../profiles/github.toml")),
    ("reachscore", include_str!("../../profiles/reachscore.toml")),
    ("shopify", include_str!("../../profiles/shopify.toml")),
    ("slack", include_str!("../../profiles/slack.toml")),
    (
        "standard-webhooks",
        include_str!("../../profiles/standard-webhooks.toml"),
    ),
    ("stripe", include_str!("../../profiles/stripe.toml")),
];

/// All built-in profiles, by name. A test proves that each can be read.
#[must_use]
pub fn builtin_profiles() -> Vec<Profile> {
    FILES
        .iter()
        .filter_map(|(name, toml)| Profile::parse(name, toml).ok())
        .collect()
}

/// A built-in profile's file: a start for one's own.
#[must_use]
pub fn builtin_toml(name: &str) -> Option<&'static str> {
    FILES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, toml)| *toml)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_profile_can_be_read_and_bears_its_files_name() {
        for (name, toml) in FILES {
            let profile = Profile::parse(name, toml).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(profile.name, *name);
        }
        assert_eq!(builtin_profiles().len(), FILES.len());
    }
}
